public import Foundation
import GroveCore
import GroveModel
import GroveTokenizer

/// A parser of files that come from elsewhere, as a fuzzer calls it: whatever the bytes are, it returns or throws a
/// `GroveError`. The tests run each on the kept corpus and on mutations of it, `scripts/fuzz` for as long as one likes.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case json, safetensors, gguf, tokenizer, roles, sentencepiece, config, index, template

  /// What stands between the template and the conversation of a `template` input.
  static let separator: UInt8 = 0

  /// Whether inputs are JSON, so that values can be mutated instead of bytes.
  public var isJSON: Bool {
    switch self {
    case .json, .tokenizer, .roles, .config, .index: true
    case .safetensors, .gguf, .sentencepiece, .template: false
    }
  }

  /// Parses the bytes and uses what comes out.
  /// - Parameter folder: a folder for the files of one call at a time.
  /// - Throws: what is no `GroveError`, which is a bug.
  public func run(_ bytes: [UInt8], in folder: URL) throws {
    do { try parse(bytes, folder) } catch is GroveError {}
  }

  private func parse(_ bytes: [UInt8], _ folder: URL) throws {
    switch self {
    case .json:
      let value = try JSONValue(parsing: bytes, at: "j")
      let again = try JSONValue(parsing: Array(value.text.utf8), at: "j")
      precondition(again == value, "the text of a value is another")
    case .safetensors:
      let file = try SafetensorsFile(try written(bytes, folder, "a.safetensors"))
      for entry in file.entries { precondition(entry.bytes.upperBound <= bytes.count) }
    case .gguf: try useGGUF(try written(bytes, folder, "a.gguf"), bytes.count)
    case .tokenizer: try use(Tokenizer(JSONValue(parsing: bytes, at: "t"), at: "t"))
    case .roles:
      let url = folder.appending(path: Tokenizer.fileName)
      if !FileSystem.exists(url) { try FileSystem.write(FuzzTarget.smallTokenizer.text, to: url) }
      _ = try written(bytes, folder, "tokenizer_config.json")
      let tokenizer = try Tokenizer(contentsOf: folder)
      _ = try tokenizer.prompt(messages: [], addsGenerationPrompt: true, date: FuzzTarget.date)
    case .sentencepiece: try use(Tokenizer(sentencePiece: bytes, at: "m"))
    case .config: _ = try HuggingFaceConfig.read(JSONValue(parsing: bytes, at: "c"), at: "c")
    case .index:
      _ = try written(bytes, folder, "model.safetensors.index.json")
      for url in try ModelFolder.weightURLs(folder) {
        precondition(url.deletingLastPathComponent().standardizedFileURL.path == folder.standardizedFileURL.path)
      }
    case .template: try render(bytes)
    }
  }

  private func written(_ bytes: [UInt8], _ folder: URL, _ name: String) throws -> URL {
    let url = folder.appending(path: name)
    try Data(bytes).write(to: url)
    return url
  }

  // MARK: What is done with a result

  private static let text = "Hello  wor\u{301}ld 12345 == \u{1F600}\r\n 한국어 <s>ab</s> \u{2581}"

  private func use(_ tokenizer: Tokenizer) throws {
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .keeping)
    let ids = encoder.encode(FuzzTarget.text)
    precondition(ids.allSatisfy { $0 < tokenizer.vocabularySize }, "an id that no token has")
    _ = try tokenizer.decode(ids, specialTokens: .skipping)
    _ = tokenizer.fingerprint
  }

  private func useGGUF(_ url: URL, _ byteCount: Int) throws {
    let file = try GGUFFile(url)
    for entry in file.entries { precondition(entry.bytes.upperBound <= byteCount) }
    for (_, value) in file.metadata {
      guard let list = value.arrayValue else { continue }
      _ = (list.strings(), list.numbers())
    }
    do { _ = try ModelFolder.loadConfig(url) } catch is GroveError {}
    try use(Tokenizer(ofModel: url))
  }

  private func render(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: FuzzTarget.separator, maxSplits: 1, omittingEmptySubsequences: false)
    let template = try ChatTemplate(String(decoding: parts[0], as: UTF8.self), at: "t")
    let given = parts.count > 1 ? try? JSONValue(parsing: Array(parts[1]), at: "m") : nil
    _ = try template.render(
      messages: given ?? FuzzTarget.messages, tools: FuzzTarget.tools, addsGenerationPrompt: true,
      variables: [("bos_token", "<s>"), ("eos_token", "</s>")], date: FuzzTarget.date)
  }

  private static let date = TemplateDate(year: 2024, month: 2, day: 29, hour: 23, minute: 59, second: 58)
  private static let messages: JSONValue = [
    ["role": "system", "content": "Be brief."], ["role": "user", "content": "a\n b"],
    ["role": "assistant", "content": "<think>x</think>y"],
    ["role": "user", "content": [["type": "text", "text": "t"]]],
  ]
  private static let tools: JSONValue = [
    ["type": "function", "function": ["name": "f", "parameters": ["type": "object", "properties": [:]]]]
  ]
  private static let smallTokenizer: JSONValue = [
    "added_tokens": [["id": 2, "content": "<s>", "special": true]],
    "model": ["type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1]]],
  ]
}
