public import GroveCore
import GroveTensor

/// How the matrices of a new model start.
public enum InitialWeights: Sendable {
  /// Drawn from normal distributions; each part has draws of its own.
  case random(RandomKey)
  /// Memory without content, for a model whose weights come from a checkpoint.
  case blank

  /// The weights of a named part.
  public func split(_ name: String) -> InitialWeights {
    guard case .random(let key) = self else { return self }
    return .random(key.split(name))
  }

  /// The weights of a numbered part.
  public func split(_ index: Int) -> InitialWeights {
    guard case .random(let key) = self else { return self }
    return .random(key.split(index))
  }

  /// A matrix with entries from N(0, deviation²).
  func matrix(
    _ shape: [Int], deviation: Double, role: Parameter.Role = .matrix, parts: [Range<Int>]? = nil
  ) throws -> Parameter {
    switch self {
    case .random(let key): Parameter(try .normal(shape, deviation: deviation, random: key), role: role, parts: parts)
    case .blank: Parameter(try .empty(shape, .float32), role: role, parts: parts)
    }
  }
}
