import GroveModel

/// What shares keys and values, with a feed-forward layer that is wider by what that saves.
enum MultiQueryArm: String, CaseIterable {
  /// A key and value head for each head.
  case multiHead = "multi-head"
  /// One for all.
  case multiQuery = "multi-query"
  /// One for four heads.
  case grouped
  /// One head as narrow as one of the others: a cache as small, got by leaving heads out.
  case oneHead = "one-head"

  /// The arms of a model.
  static func all(_ model: ModelConfig) -> [MultiQueryArm] {
    allCases.filter { $0 != .grouped || (model.attention.heads.isMultiple(of: 4) && model.attention.heads > 4) }
  }

  /// The model of the arm, with as many parameters as the given one.
  func changed(_ model: ModelConfig) -> ModelConfig {
    var result = model
    let attention = model.attention
    switch self {
    case .multiHead: return model
    case .multiQuery: result.attention.keyValueHeads = 1
    case .grouped: result.attention.keyValueHeads = attention.heads / 4
    case .oneHead:
      (result.attention.heads, result.attention.keyValueHeads) = (1, 1)
      result.attention.headWidth = model.headWidth
    }
    // Queries and the output have `heads` of D, keys and values `keyValueHeads`, each a row of the width; so have the two
    // matrices of a plain feed-forward layer for each of its places.
    let saved = attention.heads - result.attention.heads + attention.keyValueHeads - result.attention.keyValueHeads
    result.feedForwardWidth += saved * model.headWidth
    return result
  }
}
