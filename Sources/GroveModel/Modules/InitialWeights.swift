public import GroveCore
import GroveTensor

/// How the matrices of a new model start.
public struct InitialWeights: Sendable {
  /// Nil for memory without content.
  private let draws: RandomKey?
  /// The same for all seeds and for blank weights: what a model is, beside its numbers, can be drawn with it.
  let place: RandomKey

  private init(draws: RandomKey?, place: RandomKey) {
    self.draws = draws
    self.place = place
  }

  /// Drawn from normal distributions; each part has draws of its own.
  public static func random(_ key: RandomKey) -> InitialWeights {
    InitialWeights(draws: key, place: RandomKey(seed: 0))
  }

  /// Memory without content, for a model whose weights come from a checkpoint.
  public static let blank = InitialWeights(draws: nil, place: RandomKey(seed: 0))

  /// The weights of a named part.
  public func split(_ name: String) -> InitialWeights {
    InitialWeights(draws: draws?.split(name), place: place.split(name))
  }

  /// The weights of a numbered part.
  public func split(_ index: Int) -> InitialWeights {
    InitialWeights(draws: draws?.split(index), place: place.split(index))
  }

  /// A matrix with entries from N(0, deviation²).
  func matrix(_ shape: [Int], deviation: Double, role: Parameter.Role = .matrix) throws -> Parameter {
    Parameter(try tensor(shape) { try .normal(shape, deviation: deviation, random: $0) }, role: role)
  }

  /// A parameter with entries that are uniform in [−bound, bound).
  func uniform(_ shape: [Int], bound: Double, role: Parameter.Role) throws -> Parameter {
    Parameter(try tensor(shape) { try .uniform(shape, -bound, bound, random: $0) }, role: role)
  }

  /// A matrix of parts, each of its own rows and deviation.
  func matrix(_ parts: [LinearPart], inputs: Int) throws -> Parameter {
    let shape = [parts.last?.rows.upperBound ?? 0, inputs]
    let first = parts.first?.deviation ?? 0
    let value = try tensor(shape) { key in
      let value = try Tensor.normal(shape, deviation: first, random: key)
      for part in parts where part.deviation != first {
        let rows = try value.narrowed(0, from: part.rows.lowerBound, count: part.rows.count)
        // A deviation of 0 cannot be stretched to another.
        if first > 0 {
          try rows.scale(by: part.deviation / first)
        } else {
          try rows.copy(
            from: .normal(
              [part.rows.count, inputs], deviation: part.deviation, random: key.split(part.rows.lowerBound)))
        }
      }
      return value
    }
    return Parameter(value, role: .matrix, parts: parts.map(\.rows))
  }

  private func tensor(_ shape: [Int], _ drawn: (RandomKey) throws -> Tensor) throws -> Tensor {
    try draws.map(drawn) ?? .empty(shape, .float32)
  }
}
