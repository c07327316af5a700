public import GroveCore

/// Expressions of nested lists, whose value is a digit (Nangia and Bowman 2018, arXiv:1804.06028): the largest, the smallest
/// and the median of digits, and their sum modulo 10.
public enum ListOperations {
  /// 0 is padding; digits are 1 to 10.
  public static let vocabulary = 16
  private static let close: Int64 = 15

  /// An operation on values.
  public enum Operation: Int64, CaseIterable, Sendable {
    case maximum = 11
    case minimum = 12
    case median = 13
    case sumModulo10 = 14

    /// The value of a list; the median of an even number is the lower of the two in the middle.
    public func value(_ values: [Int]) -> Int {
      switch self {
      case .maximum: values.max() ?? 0
      case .minimum: values.min() ?? 0
      case .median: values.sorted()[(values.count - 1) / 2]
      case .sumModulo10: values.reduce(0, +) % 10
      }
    }
  }

  /// The ids of an expression and its value; `length` ids at most.
  public static func expression(length: Int, depth: Int, _ key: RandomKey) -> (tokens: [Int64], value: Int) {
    var generator = key.generator()
    while true {
      let made = list(depth: depth, &generator)
      if made.tokens.count <= length { return made }
    }
  }

  private static func list(depth: Int, _ generator: inout some RandomNumberGenerator) -> (tokens: [Int64], value: Int) {
    let operation = Operation.allCases[Int.random(in: 0..<4, using: &generator)]
    var tokens = [operation.rawValue]
    var values: [Int] = []
    for _ in 0..<Int.random(in: 2...5, using: &generator) {
      if depth > 1, Int.random(in: 0..<4, using: &generator) == 0 {
        let inner = list(depth: depth - 1, &generator)
        tokens += inner.tokens
        values.append(inner.value)
      } else {
        let digit = Int.random(in: 0..<10, using: &generator)
        tokens.append(Int64(digit + 1))
        values.append(digit)
      }
    }
    return (tokens + [close], operation.value(values))
  }
}
