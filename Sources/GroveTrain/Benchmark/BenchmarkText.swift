import Foundation
public import GroveCore

/// A cell of a benchmark's table: no marks between thousands, so that it can be read by a program.
func decimals(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

extension Spread {
  /// "1.52 (1.48–1.60)".
  public func text(_ digits: Int) -> String {
    "\(decimals(median, digits)) (\(decimals(lower, digits))–\(decimals(upper, digits)))"
  }
}

extension Encodable {
  /// A measurement as it goes into a result file.
  public func benchmarkJSON() throws -> JSONValue {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try JSONValue(parsing: encoder.encode(self), at: "measurement")
  }
}

extension BenchmarkRounds {
  /// The ratios of every contestant but Grove, by its name.
  var ratiosJSON: JSONValue {
    .object(contestants.indices.dropFirst().map { (contestants[$0], .array(ratios($0).map { .number($0) })) })
  }
}
