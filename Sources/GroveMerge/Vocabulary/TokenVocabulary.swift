import Foundation
import GroveCore
import GroveTokenizer

/// The tokens of a `tokenizer.json` of any kind, by id: what aligning embeddings needs of a tokenizer.
struct TokenVocabulary: Equatable, Sendable {
  /// The whole file.
  let json: JSONValue
  /// The id of each token, added ones included.
  let ids: [String: Int]

  /// The tokens in the order of their ids.
  var tokens: [(text: String, id: Int)] {
    ids.map { (text: $0.key, id: $0.value) }.sorted {
      ($0.id, $0.text) < ($1.id, $1.text)
    }
  }

  /// Nil if the folder has no tokenizer.json.
  static func inFolder(_ folder: URL) throws -> TokenVocabulary? {
    let file = folder.appending(path: Tokenizer.fileName)
    guard FileSystem.exists(file) else { return nil }
    return try TokenVocabulary(JSONValue(contentsOf: file), at: file.path)
  }

  init(_ json: JSONValue, at place: String) throws {
    self.json = json
    var ids: [String: Int] = [:]
    func add(_ token: String, _ id: Int?, _ field: String) throws {
      guard let id, id >= 0 else { throw GroveError(.format, "\(place) › \(field)", "has a token without an id") }
      ids[token] = id
    }
    let vocabulary = json["model"]?["vocab"]
    if let members = vocabulary?.objectValue {
      for (token, id) in members { try add(token, id.integerValue, "model.vocab") }
    } else if let pairs = vocabulary?.arrayValue {  // Unigram: the id is the place in the list
      for (id, pair) in pairs.enumerated() {
        guard let token = pair.arrayValue?.first?.stringValue else {
          throw GroveError(.format, "\(place) › model.vocab[\(id)]", "is not a pair of a token and a score")
        }
        ids[token] = id
      }
    } else {
      throw GroveError(.format, "\(place) › model.vocab", "is neither an object nor a list")
    }
    for token in json["added_tokens"]?.arrayValue ?? [] {
      guard let content = token["content"]?.stringValue else {
        throw GroveError(.format, "\(place) › added_tokens", "has a token without its content")
      }
      try add(content, token["id"]?.integerValue, "added_tokens")
    }
    self.ids = ids
  }

  /// The added tokens as they are written, by id.
  var addedTokens: [JSONValue] {
    (json["added_tokens"]?.arrayValue ?? []).sorted { ($0["id"]?.integerValue ?? 0) < ($1["id"]?.integerValue ?? 0) }
  }

  /// The same tokenizer with more added tokens, which get the next ids in their order. What is there already stays.
  func adding(_ tokens: [JSONValue], at place: String) throws -> TokenVocabulary {
    var next = (ids.values.max() ?? -1) + 1
    var added = json["added_tokens"]?.arrayValue ?? []
    var known = Set(ids.keys)
    for token in tokens {
      guard let content = token["content"]?.stringValue, known.insert(content).inserted else { continue }
      added.append(token.setting("id", to: .integer(next)))
      next += 1
    }
    return try TokenVocabulary(json.setting("added_tokens", to: .array(added)), at: place)
  }

  /// A token that is found as it is written in a text, with the flags that `tokenizers` gives one by default.
  static func plainToken(_ content: String) -> JSONValue {
    [
      "id": 0, "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false,
      "normalized": true, "special": false,
    ]
  }
}
