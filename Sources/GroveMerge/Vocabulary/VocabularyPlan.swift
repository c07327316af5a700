import GroveCore

/// The vocabulary of the result, and where each of its rows lies in the embeddings of the models.
struct VocabularyPlan {
  /// The tokenizer of the result.
  let vocabulary: TokenVocabulary
  /// The model whose other tokenizer files belong to it.
  let donor: Int
  /// Rows of the result's embeddings: tokens and filling.
  let rows: Int
  /// For each model, the row of each token of the result; nil where the model lacks the token.
  let places: [[Int?]]
  /// What the config says of single tokens, by their id in the result.
  private let settings: [Int: Setting]

  /// The origin of a token's embedding that a config names.
  private struct Setting {
    let source: Fill?
    let isForced: Bool
  }

  /// What stands in for an embedding that a model lacks.
  enum Fill: Equatable {
    case zero
    case row(model: Int, row: Int)
    /// The mean over the models that have the token.
    case mean
  }

  var tokenCount: Int { vocabulary.ids.count }

  /// - Parameters:
  ///   - source: "union", "base" or the name of a model.
  ///   - base: the model that comes first.
  ///   - names: all models by the names that the config uses for them.
  init(
    _ source: String, _ tokenizer: MergeTokenizerConfig, models: [SourceModel], base: Int, names: [String: Int]
  ) throws {
    func vocabulary(_ model: Int) throws -> TokenVocabulary {
      if let own = models[model].vocabulary { return own }
      guard model != base else {
        throw GroveError(
          .file, models[model].folder.path, "has no tokenizer.json, which 'tokenizer_source: \(source)' needs",
          remedy: "Save the tokenizer as tokenizer.json in that folder.")
      }
      return try vocabulary(base)
    }
    var result: TokenVocabulary
    switch source {
    case "base": (result, donor) = (try vocabulary(base), base)
    case "union":
      result = try VocabularyPlan.union(
        vocabulary(base), models.indices.filter { $0 != base }.compactMap { models[$0].vocabulary })
      donor = base
    default:
      guard let model = names[source] else {
        throw GroveError(
          .config, "tokenizer_source", "'\(source)' is neither union, base nor a model of this merge",
          remedy: "The models are \(names.keys.sorted().joined(separator: ", ")).")
      }
      (result, donor) = (try vocabulary(model), model)
    }
    result = try result.adding(tokenizer.tokens.keys.sorted().map(TokenVocabulary.plainToken), at: "tokenizer.tokens")
    try VocabularyPlan.requireNoGaps(result, models[donor])
    let count = result.ids.count
    let multiple = max(1, tokenizer.padToMultipleOf)
    rows = (count + multiple - 1) / multiple * multiple
    places = try models.indices.map { model in
      let (ids, size) = (try vocabulary(model).ids, try models[model].vocabularySize())
      return result.tokens.map { token in ids[token.text].flatMap { $0 < size ? $0 : nil } }
    }
    var settings: [Int: Setting] = [:]
    for (token, config) in tokenizer.tokens {
      guard let id = result.ids[token] else { continue }
      settings[id] = Setting(
        source: try VocabularyPlan.fill(token, config, id, models, names, places), isForced: config.force)
    }
    (self.vocabulary, self.settings) = (result, settings)
  }

  /// The base's tokens, then those of the others that it lacks: first the vocabulary's, then the added ones.
  private static func union(_ base: TokenVocabulary, _ others: [TokenVocabulary]) throws -> TokenVocabulary {
    let added = others.flatMap(\.addedTokens)
    let contents = Set(added.compactMap { $0["content"]?.stringValue })
    let plain = others.flatMap { $0.tokens.map(\.text) }.filter { !contents.contains($0) }
    return try base.adding(plain.map(TokenVocabulary.plainToken) + added, at: "the union of the tokenizers")
  }

  private static func requireNoGaps(_ vocabulary: TokenVocabulary, _ donor: SourceModel) throws {
    for (place, token) in vocabulary.tokens.enumerated() where token.id != place {
      throw GroveError(
        .format, donor.folder.appending(path: "tokenizer.json").path,
        "the ids have a gap or a repetition at \(place), so that rows of an embedding cannot be told from them",
        remedy: "Number the tokens from 0 without gaps.")
    }
  }

  private static func fill(
    _ token: String, _ config: TokenEmbeddingConfig, _ id: Int, _ models: [SourceModel], _ names: [String: Int],
    _ places: [[Int?]]
  ) throws -> Fill? {
    let field = "tokenizer.tokens.\(token).source"
    func model(_ name: String) throws -> Int {
      if let index = names[name] { return index }
      throw GroveError(.config, field, "'\(name)' is not a model of this merge")
    }
    switch config.source {
    case .automatic: return nil
    case .zero: return .zero
    case .model(let name):
      let index = try model(name)
      guard let row = places[index][id] else {
        throw GroveError(.config, field, "the tokenizer of '\(name)' has no token '\(token)'")
      }
      return .row(model: index, row: row)
    case .token(let name, let id, let text):
      let index = try model(name)
      let size = try models[index].vocabularySize()
      let row = id ?? text.flatMap { models[index].vocabulary?.ids[$0] }
      guard let row, (0..<size).contains(row) else {
        let said = id.map { "the id \($0)" } ?? "the token '\(text ?? "")'"
        throw GroveError(.config, field, "'\(name)' does not have \(said)")
      }
      return .row(model: index, row: row)
    }
  }

  /// What a token of the result gets from each model of a group: its own row, or what stands in.
  ///
  /// - Parameters:
  ///   - token: its id in the result.
  ///   - group: the models whose embeddings are merged.
  ///   - base: the base among them, if it is there.
  /// - Returns: nil where every model has its own row and keeps it.
  func fill(_ token: Int, among group: [Int], base: Int?) throws -> (fill: Fill, isForced: Bool)? {
    let setting = settings[token]
    let isForced = setting?.isForced ?? false
    let holders = group.filter { places[$0][token] != nil }
    if holders.count == group.count, !isForced { return nil }
    if let source = setting?.source { return (source, isForced) }
    if isForced || setting != nil {
      throw GroveError(
        .config, "tokenizer.tokens.\(vocabulary.tokens[token].text)", "needs a source: a model lacks the token",
        remedy: "Name a model, or 'kind: zero'.")
    }
    if holders.isEmpty { return (.zero, false) }
    if holders.count == 1 { return (.row(model: holders[0], row: places[holders[0]][token] ?? 0), false) }
    if let base, let row = places[base][token] { return (.row(model: base, row: row), false) }
    return (.mean, false)
  }
}
