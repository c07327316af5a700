import Foundation
import GroveCore
import GroveTokenizer
import Testing

/// What `Tests/Fixtures/tokenizer/make_tokenizer_fixtures.py` left.
enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/tokenizer")

  static func json(_ name: String) throws -> JSONValue { try JSONValue(contentsOf: folder.appending(path: name)) }

  static func tokenizer() throws -> Tokenizer {
    try Tokenizer(contentsOf: folder.appending(path: Tokenizer.fileName))
  }

  /// The texts of the excerpt with their domains.
  static func excerpt() throws -> [(domain: String, text: String)] {
    try #require(try json("excerpt.json").arrayValue).map {
      (domain: try #require($0["domain"]?.stringValue), text: try #require($0["text"]?.stringValue))
    }
  }

  static func trainer(vocabularySize: Int, specialTokens: [String] = []) throws -> BytePairTrainer {
    try BytePairTrainer(
      .init(
        vocabularySize: vocabularySize, minimumFrequency: 0, specialTokens: specialTokens, preTokenizer: .gpt2,
        malformed: .keeping, wordMemoryBytes: 1 << 26))
  }
}

extension JSONValue {
  /// The object with one member replaced, or added behind the others; `path` is made of keys.
  func replacing(_ path: String..., by value: JSONValue) -> JSONValue { replacing(path[...], by: value) }

  private func replacing(_ path: ArraySlice<String>, by value: JSONValue) -> JSONValue {
    guard let key = path.first else { return value }
    var members = objectValue ?? []
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = members[index].value.replacing(path.dropFirst(), by: value)
    } else {
      members.append((key, JSONValue.object([]).replacing(path.dropFirst(), by: value)))
    }
    return .object(members)
  }

  var ids: [UInt32] { (arrayValue ?? []).compactMap { $0.integerValue.map(UInt32.init) } }
  var strings: [String] { (arrayValue ?? []).compactMap(\.stringValue) }
}
