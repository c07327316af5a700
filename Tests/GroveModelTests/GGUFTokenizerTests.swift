import Foundation
import GroveCore
import GroveModel
import GroveTesting
import GroveTokenizer
import Testing

@Suite("Tokenizers of sentencepiece in GGUF files")
struct GGUFTokenizerTests {
  /// Pieces as a small LLaMA has them: control tokens, bytes, symbols, letters and what they merge to.
  private static func model(addsSpace: Bool = true) -> SentencePieceModel {
    var pieces: [SentencePieceModel.Piece] = []
    func add(_ text: String, _ kind: SentencePieceModel.Kind = .normal) {
      pieces.append(.init(text: Array(text.utf8), score: kind == .normal ? -Float(pieces.count) : 0, kind: kind))
    }
    add("<unk>", .unknown)
    add("<s>", .control)
    add("</s>", .control)
    for byte in 0..<256 { add("<0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))>", .byte) }
    add("\u{2581}\u{2581}", .userDefined)
    add("<b>", .userDefined)
    for text in ["he", "ll", "llo", "\u{2581}he", "\u{2581}hello", "\u{2581}", "h", "e", "l", "o", "w", "한"] {
      add(text)
    }
    return SentencePieceModel(bytePairs: pieces, addsSpace: addsSpace)
  }

  /// A folder with a model and this tokenizer.
  private static func folder(
    _ model: SentencePieceModel, spare: Int = 0, config: JSONValue = ["add_bos_token": true], in place: URL
  ) throws -> URL {
    var shape = TinyModel.config(.llama)
    shape.vocabularySize = model.pieces.count + spare
    let folder = place.appending(path: "source")
    try FileSystem.makeFolder(folder)
    try ModelFolder.save(makeModel(shape, weights: .random(RandomKey(seed: 3))), endOfText: 2, to: folder)
    try FileSystem.write(model.bytes, to: folder.appending(path: Tokenizer.sentencePieceFileName))
    try FileSystem.write(config.text, to: folder.appending(path: "tokenizer_config.json"))
    return folder
  }

  private static func convert(_ source: URL, _ target: URL, _ format: ModelConversion.Format) throws {
    try ModelConversion(source, to: format, .float32, tokenizer: .included).write(to: target) { _ in }
  }

  private static let texts = ["hello hello", "  hello\n한국 <b>w</b>", "", " ", "h e  l   lo<s>é"]

  private static func ids(_ tokenizer: Tokenizer, _ text: String) -> [UInt32] {
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
    return encoder.encode(text)
  }

  @Test("A tokenizer goes into a file and back into a folder with the same ids", arguments: [true, false])
  func thereAndBack(addsSpace: Bool) throws {
    try Fixtures.withTemporaryFolder { place in
      let source = try Self.folder(Self.model(addsSpace: addsSpace), spare: 2, in: place)
      let gguf = place.appending(path: "model.gguf")
      let back = place.appending(path: "back")
      try Self.convert(source, gguf, .gguf)
      try Self.convert(gguf, back, .safetensors)
      let original = try Tokenizer(ofModel: source)
      for tokenizer in try [Tokenizer(ofModel: gguf), Tokenizer(ofModel: back)] {
        #expect(tokenizer.vocabularySize == original.vocabularySize + 2)
        #expect(tokenizer.roles == original.roles)
        #expect(tokenizer.framing([7]) == [1, 7])
        for text in Self.texts {
          let ids = Self.ids(original, text)
          #expect(Self.ids(tokenizer, text) == ids, "\(text)")
          #expect(
            try tokenizer.decodeText(ids, specialTokens: .keeping)
              == original.decodeText(ids, specialTokens: .keeping))
        }
      }
    }
  }

  @Test("By hand: the best score first, symbols whole, bytes for what is no piece")
  func byHand() throws {
    let tokenizer = try Tokenizer(sentencePiece: Self.model().bytes, at: "m")
    let first = UInt32(3 + 256)
    // "he" first, then "ll", "llo", "▁he", and the whole of the last two.
    #expect(Self.ids(tokenizer, "hello") == [first + 6])
    #expect(Self.ids(tokenizer, "<b>") == [first + 7, first + 1])  // behind the space that the model adds
    let bytes: [UInt32] = [first + 7, 198, 172]  // the bytes C3 and A9
    #expect(Self.ids(tokenizer, "é") == bytes)
    #expect(try tokenizer.decodeText(Self.ids(tokenizer, "hello  é<b>"), specialTokens: .keeping) == "hello  é<b>")
  }

  @Test("A file is written with the types and spellings that llama.cpp expects")
  func metadata() throws {
    try Fixtures.withTemporaryFolder { place in
      let config: JSONValue = [
        "add_bos_token": false, "chat_template": "{{ messages }}",
        "added_tokens_decoder": ["274": ["content": "<|end|>", "special": true]],
      ]
      let gguf = place.appending(path: "model.gguf")
      try Self.convert(Self.folder(Self.model(), spare: 2, config: config, in: place), gguf, .gguf)
      let file = try GGUFFile(gguf)
      #expect(file["tokenizer.ggml.model"]?.stringValue == "llama")
      let tokens = try #require(file["tokenizer.ggml.tokens"]?.arrayValue?.strings())
      let types = try #require(file["tokenizer.ggml.token_type"]?.arrayValue?.integers())
      #expect(Array(tokens[..<4]) == ["<unk>", "<s>", "</s>", "<0x00>"])
      #expect(Array(types[..<4]) == [2, 3, 3, 6])
      #expect(tokens[259] == "  " && types[259] == 4)
      #expect(Array(tokens.suffix(2)) == ["[PAD273]", "<|end|>"])
      #expect(Array(types.suffix(2)) == [5, 3])
      #expect(file["tokenizer.ggml.add_bos_token"]?.boolValue == false)
      #expect(file["tokenizer.ggml.bos_token_id"]?.integerValue == 1)
      #expect(try Tokenizer(ofModel: gguf).chatTemplate()?.source == "{{ messages }}")
      #expect(try Tokenizer(ofModel: gguf).framing([7]) == [7])
    }
  }

  @Test("What llama.cpp would read otherwise is refused by its file")
  func refused() throws {
    var unigram = Self.model()
    unigram.modelType = 1
    var spaces = Self.model()
    spaces.removesSpaces = true
    var bytes = Self.model()
    bytes.pieces.removeAll { $0.kind == .byte }
    for (model, problem) in [
      (unigram, "is no BPE model, the only kind that GGUF files are written with"),
      (spaces, "changes texts in ways that llama.cpp does not: it maps characters or removes spaces"),
      (bytes, "has no pieces for bytes, which llama.cpp needs"),
    ] {
      try Fixtures.withTemporaryFolder { place in
        let source = try Self.folder(model, in: place)
        let error = #expect(throws: GroveError.self) {
          try Self.convert(source, place.appending(path: "model.gguf"), .gguf)
        }
        #expect(
          error?.description == "\(source.path)/tokenizer.model: \(problem). "
            + "Give --without-tokenizer, and the tokenizer's ids to llama.cpp.")
      }
    }
  }

  private static let damages: [(key: String, value: GGUFValue?, problem: String)] = [
    ("scores", nil, "is not a list of numbers"), ("token_type", nil, "is not a list of whole numbers"),
    ("scores", .array(GGUFArray([Float(1)])), "has 1 elements, tokens has 3"),
    ("token_type", .array(GGUFArray([Int32(1)])), "has 1 elements, tokens has 3"),
    ("tokens", .bool(true), "is not a list of texts"),
    (
      "unknown_token_id", .uint32(3), "is not the id of a token, and no token is of the type for unknown ones"
    ),
  ]

  @Test("A file that is damaged is refused by its key", arguments: damages.indices)
  func damaged(index: Int) throws {
    let damage = Self.damages[index]
    var fields: [(key: String, value: GGUFValue)] = [
      ("model", .string("llama")), ("tokens", .array(GGUFArray(["a", "b", "c"]))),
      ("scores", .array(GGUFArray([Float](repeating: 0, count: 3)))),
      ("token_type", .array(GGUFArray([Int32](repeating: 1, count: 3)))),
    ]
    fields.removeAll { $0.key == damage.key }
    if let value = damage.value { fields.append((damage.key, value)) }
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "a.gguf")
      try GGUFWriter.write([], metadata: fields.map { ("tokenizer.ggml.\($0.key)", $0.value) }, to: url)
      let error = #expect(throws: GroveError.self) { try Tokenizer(ofModel: url) }
      #expect(error?.description == "\(url.path) › tokenizer.ggml.\(damage.key): \(damage.problem)")
    }
  }

  @Test("What ends a model's texts is read from its files, and a value that is none is refused")
  func endTokens() throws {
    try Fixtures.withTemporaryFolder { place in
      let source = try Self.folder(Self.model(), in: place)
      #expect(try ModelFolder.endTokens(source) == [2])
      let file = source.appending(path: "generation_config.json")
      try FileSystem.write("{\"eos_token_id\": [2, 5]}", to: file)
      #expect(try ModelFolder.endTokens(source) == [2, 5])
      for text in ["-1", "\"2\"", "[1, null]", "1e30"] {
        try FileSystem.write("{\"eos_token_id\": \(text)}", to: file)
        let error = #expect(throws: GroveError.self) { try ModelFolder.endTokens(source) }
        #expect(error?.description == "\(file.path): eos_token_id is neither an id nor a list of them")
      }
      try FileSystem.remove(file)
      let gguf = place.appending(path: "model.gguf")
      try Self.convert(source, gguf, .gguf)
      #expect(try ModelFolder.endTokens(gguf) == [2])
    }
  }
}
