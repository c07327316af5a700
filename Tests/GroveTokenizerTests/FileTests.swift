import Foundation
import GroveCore
import GroveTokenizer
import Testing

struct FileTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-tokenizer-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    try body(folder)
  }

  @Test("What is written is read back: the same bytes, ids, roles and fingerprint")
  func roundTrip() throws {
    let tokenizer = try Fixtures.tokenizer()
    let end = try #require(tokenizer.id(ofAddedToken: "<|endoftext|>"))
    let named = try tokenizer.assigning([.ending: end, .beginning: end])
    try withFolder { folder in
      try named.write(toFolder: folder)
      let again = try Tokenizer(contentsOf: folder)
      #expect(again.json == named.json)
      #expect(again.roles == named.roles)
      #expect(again.fingerprint == tokenizer.fingerprint)
      let map = try JSONValue(contentsOf: folder.appending(path: "special_tokens_map.json"))
      #expect(map == ["bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"])
    }
  }

  @Test("Merges as strings are the merges as pairs")
  func mergeStrings() throws {
    let json = try Fixtures.json(Tokenizer.fileName)
    let merges = try #require(json["model"]?["merges"]?.arrayValue)
    let strings = merges.map { JSONValue.string($0.strings.joined(separator: " ")) }
    let old = try Tokenizer(json.replacing("model", "merges", by: .array(strings)), at: "old")
    #expect(old.merges == (try Fixtures.tokenizer().merges))
  }

  @Test("What surrounds a sequence in a tokenizer.json is kept")
  func postProcessor() throws {
    let template: JSONValue = ["type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": [:]]
    let json = try Fixtures.json(Tokenizer.fileName).replacing("post_processor", by: template)
    #expect(try Tokenizer(json, at: "x").json["post_processor"] == template)
  }

  @Test("A role for a token that is none is refused")
  func badRole() throws {
    let tokenizer = try Fixtures.tokenizer()
    let error = #expect(throws: GroveError.self) { try tokenizer.assigning([.padding: 7]) }
    #expect(error?.description == "pad_token: the id 7 is no added token")
    try withFolder { folder in
      try tokenizer.write(toFolder: folder)
      let config = folder.appending(path: "tokenizer_config.json")
      try FileSystem.write("{\"eos_token\": {\"content\": \"</s>\"}}", to: config)
      let error = #expect(throws: GroveError.self) { try Tokenizer(contentsOf: folder) }
      #expect(
        error?.description
          == "\(config.path) › eos_token: \"</s>\" is not among the added tokens. "
          + "Add it to added_tokens in tokenizer.json, or remove this line.")
    }
  }

  @Test("A file that is cut off is refused with its place")
  func truncated() throws {
    let whole = Array(try Fixtures.tokenizer().json.text.utf8)
    try withFolder { folder in
      let file = folder.appending(path: "tokenizer.json")
      for count in [0, 1, 100, whole.count / 2, whole.count - 1] {
        try FileSystem.write(whole.prefix(count), to: file)
        let error = #expect(throws: GroveError.self) { try Tokenizer(contentsOf: file) }
        #expect(error?.description.hasPrefix("\(file.path): not JSON at line 1, column ") == true)
      }
    }
  }
}
