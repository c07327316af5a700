public import GroveCore

/// The tokenizer of the result, and where the embeddings of single tokens come from.
public struct MergeTokenizerConfig: Config {
  /// "union", "base" or the folder of a model; empty is "union" where any other field is given.
  public var source = ""
  /// What single tokens are given; a token that no tokenizer has is added.
  public var tokens: [String: TokenEmbeddingConfig] = [:]
  /// The rows of the embeddings are filled up to a multiple of this with their mean; 0 for no filling.
  public var padToMultipleOf = 0

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case source, tokens
    case padToMultipleOf = "pad_to_multiple_of"
  }

  /// Whether nothing was written.
  var isEmpty: Bool { self == MergeTokenizerConfig() }

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if padToMultipleOf < 0 { issues.append(ConfigIssue("pad_to_multiple_of", "\(padToMultipleOf) is negative")) }
    for (token, config) in tokens.sorted(by: { $0.key < $1.key }) {
      issues += config.issues().under("tokens.\(token)")
    }
    return issues
  }
}

/// Where the embedding of one token comes from.
public struct TokenEmbeddingConfig: Config {
  /// Nothing, a model, a token of a model, or zeros.
  public var source = TokenSource.automatic
  /// Whether this counts for models that have the token themselves, too.
  public var force = false

  public init() {}

  private enum CodingKeys: String, CodingKey { case source, force }

  /// The values of a dictionary have no defaults to be laid over, so missing fields are filled in here.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    if fields.contains(.source) { source = try fields.decode(TokenSource.self, forKey: .source) }
    if fields.contains(.force) { force = try fields.decode(Bool.self, forKey: .force) }
  }

  public func issues() -> [ConfigIssue] {
    if case .token(let model, let id, let text) = source {
      if model.isEmpty { return [ConfigIssue("source.model", "is missing")] }
      if (id == nil) == (text == nil) { return [ConfigIssue("source", "needs one of token_id and token")] }
    }
    return []
  }
}

/// The origin of an embedding.
public enum TokenSource: Codable, Equatable, Sendable {
  /// As for tokens that the config does not name.
  case automatic
  /// The same token in a model's vocabulary.
  case model(String)
  /// A token of a model, by its id or its text.
  case token(model: String, id: Int?, text: String?)
  /// Zeros.
  case zero

  private enum CodingKeys: String, CodingKey {
    case kind, model, token
    case tokenId = "token_id"
  }

  public init(from decoder: any Decoder) throws {
    if let model = try? decoder.singleValueContainer().decode(String.self) {
      self = model.isEmpty ? .automatic : .model(model)
      return
    }
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    switch fields.contains(.kind) ? try fields.decode(String.self, forKey: .kind) : "" {
    case "zero": self = .zero
    case "model_token":
      self = .token(
        model: fields.contains(.model) ? try fields.decode(String.self, forKey: .model) : "",
        id: fields.contains(.tokenId) ? try fields.decode(Int.self, forKey: .tokenId) : nil,
        text: fields.contains(.token) ? try fields.decode(String.self, forKey: .token) : nil)
    case let kind: throw GroveError(.config, "", "kind '\(kind)' is neither zero nor model_token")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .automatic = self {
      var value = encoder.singleValueContainer()
      return try value.encode("")
    }
    if case .model(let model) = self {
      var value = encoder.singleValueContainer()
      return try value.encode(model)
    }
    var fields = encoder.container(keyedBy: CodingKeys.self)
    guard case .token(let model, let id, let text) = self else { return try fields.encode("zero", forKey: .kind) }
    try fields.encode("model_token", forKey: .kind)
    try fields.encode(model, forKey: .model)
    if let id { try fields.encode(id, forKey: .tokenId) }
    if let text { try fields.encode(text, forKey: .token) }
  }
}
