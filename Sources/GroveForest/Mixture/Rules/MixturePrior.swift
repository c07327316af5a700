public import Foundation
import GroveCore

/// What is believed of the experts before a text begins.
public enum MixturePrior: Equatable, Sendable {
  /// The same for all.
  case uniform
  /// By name; the values need not sum to 1. For one that was estimated, `cached(_:)`.
  case given([String: Double])
  /// Uniform for the first text; then an exponential moving average of the posteriors of the texts before, in their
  /// order: π ← share · (mean posterior over the text's tokens) + (1 − share) · π, where the first text's mean replaces
  /// the uniform one. As the released code of hadasah/btm computes it, there with a share of 0.3. A generated text is
  /// a first one.
  case updating(share: Double)

  /// A prior that was estimated before.
  public static func cached(_ prior: CachedPrior) -> MixturePrior { .given(prior.weights) }

  func check() throws {
    switch self {
    case .uniform: return
    case .given(let weights): try NamedWeights.check(weights, "prior")
    case .updating(let share):
      guard share > 0, share <= 1 else { throw GroveError(.argument, "prior.share", "\(share) is outside (0, 1]") }
    }
  }
}

extension MixturePrior: CustomStringConvertible {
  public var description: String {
    switch self {
    case .uniform: "uniform prior"
    case .given: "given prior"
    case .updating(let share): "prior updated by \(share)"
    }
  }
}

/// A prior estimated on development texts, to be used for all others: a file beside a forest.
public struct CachedPrior: Equatable, Sendable {
  /// By the name of the expert; they sum to 1.
  public let weights: [String: Double]
  /// Texts that it was estimated on.
  public let documents: Int
  /// Of the exponential moving average.
  public let share: Double

  /// A prior from its parts.
  public init(weights: [String: Double], documents: Int, share: Double) {
    self.weights = weights
    self.documents = documents
    self.share = share
  }

  /// Reads the file that `write(to:)` writes.
  /// - Throws: `GroveError` with code `.format` that names the file and the field.
  public init(contentsOf file: URL) throws {
    let json = try JSONValue(contentsOf: file)
    func wrong(_ field: String) -> GroveError {
      GroveError(.format, file.path, "\(field) is missing or not a number", remedy: "Estimate the prior again.")
    }
    guard let members = json["weights"]?.objectValue, !members.isEmpty else { throw wrong("weights") }
    weights = try Dictionary(
      members.map { name, value in
        guard let weight = value.numberValue else { throw wrong("weights.\(name)") }
        return (name, weight)
      }
    ) { _, last in last }
    guard let documents = json["documents"]?.integerValue else { throw wrong("documents") }
    guard let share = json["share"]?.numberValue else { throw wrong("share") }
    self.documents = documents
    self.share = share
    do { try NamedWeights.check(weights, "weights") } catch let error as GroveError {
      throw GroveError(.format, file.path, error.description)
    }
  }

  /// Replaces a file in one step; the same prior gives the same bytes.
  public func write(to file: URL) throws {
    let sorted = weights.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    let json = JSONValue.object([
      ("weights", .object(sorted.map { ($0.key, .number($0.value)) })), ("documents", .integer(documents)),
      ("share", .number(share)),
    ])
    try FileSystem.write(json.prettyText + "\n", to: file)
  }
}

/// Weights by the name of the expert.
enum NamedWeights {
  static func check(_ weights: [String: Double], _ field: String) throws {
    let sorted = weights.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (name, weight) in sorted where !(weight >= 0 && weight.isFinite) {
      throw GroveError(.argument, "\(field).\(name)", "\(weight) is negative or not finite")
    }
    let total = weights.values.reduce(0, +)
    guard total > 0, total.isFinite else {
      throw GroveError(.argument, field, "sum to \(total)", remedy: "Give at least one expert a weight.")
    }
  }

  /// The logs of the shares, in the order of the experts.
  /// - Throws: `GroveError` with code `.mismatch` unless exactly the experts are named.
  static func logShares(_ weights: [String: Double], of experts: [String], _ field: String) throws -> [Double] {
    let missing = experts.filter { weights[$0] == nil }
    let unknown = weights.keys.filter { !experts.contains($0) }.sorted()
    if !missing.isEmpty || !unknown.isEmpty {
      let parts = [
        missing.isEmpty ? nil : "no value for \(list(missing))",
        unknown.isEmpty ? nil : "a value for \(list(unknown)), which the forest does not have",
      ].compactMap(\.self)
      throw GroveError(
        .mismatch, field, "there is \(parts.joined(separator: ", and "))",
        remedy: "Name each of the \(experts.count) experts once.")
    }
    let total = weights.values.reduce(0, +)
    return experts.map { log((weights[$0] ?? 0) / total) }
  }

  /// Names in quotes.
  static func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
}
