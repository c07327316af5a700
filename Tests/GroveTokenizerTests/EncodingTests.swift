import GroveCore
import GroveTokenizer
import Testing

struct EncodingTests {
  /// Texts of bytes that are anything but text, the same on every run.
  static func randomBytes(count: Int, seed: UInt64) -> [[UInt8]] {
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    return (0..<count).map { _ in
      let alphabet: [UInt8]? =
        next() % 2 == 0 ? nil : [0x20, 0x0A, 0x61, 0x27, 0x73, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x80, 0x31]
      return (0..<Int(next() % 120)).map { _ in
        alphabet.map { $0[Int(next()) % $0.count] } ?? UInt8(truncatingIfNeeded: next())
      }
    }
  }

  @Test("Any bytes decode to themselves when malformed bytes are kept")
  func roundTrip() throws {
    let tokenizer = try Fixtures.tokenizer()
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .keeping)
    for bytes in Self.randomBytes(count: 500, seed: 1) {
      #expect(try tokenizer.decode(encoder.encode(bytes), specialTokens: .keeping) == bytes)
    }
  }

  @Test("A warm cache, a cold one and a copied encoder give the same ids")
  func stateless() throws {
    let tokenizer = try Fixtures.tokenizer()
    var warm = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    for bytes in Self.randomBytes(count: 200, seed: 2) {
      let ids = warm.encode(bytes)
      var cold = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
      var copy = warm
      #expect(warm.encode(bytes) == ids)
      #expect(cold.encode(bytes) == ids)
      #expect(copy.encode(bytes) == ids)
    }
  }

  @Test("Pieces touch and cover the text, and a text has the ids of its pieces", arguments: TextSplit.allCases)
  func pieces(split: TextSplit) throws {
    for bytes in Self.randomBytes(count: 200, seed: 3) {
      let pieces = bytes.withUnsafeBufferPointer { split.pieces(of: $0) }
      #expect(pieces.flatMap { Array(bytes[$0]) } == bytes)
      #expect(pieces.allSatisfy { !$0.isEmpty })
    }
    let tokenizer = try Fixtures.tokenizer()
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let text = Array("It's 3 o'clock:\n\n  time for 12 cafés — 한국어!  ".utf8)
    let pieces = text.withUnsafeBufferPointer { TextSplit.gpt2.pieces(of: $0) }
    let whole = encoder.encode(text)
    // A piece by itself is split again only where a run of spaces is cut off from what follows; here none is.
    #expect(pieces.flatMap { encoder.encode(Array(text[$0])) } == whole)
  }

  @Test("Appending to ids is the same as encoding document by document")
  func appending() throws {
    var encoder = try Fixtures.tokenizer().encoder(specialTokens: .asText, malformed: .keeping)
    var all: [UInt32] = []
    let documents = Self.randomBytes(count: 50, seed: 4)
    for document in documents { document.withUnsafeBufferPointer { encoder.encode($0, appendingTo: &all) } }
    #expect(all == documents.flatMap { encoder.encode($0) })
  }

  @Test("Long words and short words are merged alike", arguments: [63, 64, 65, 66, 300])
  func lengths(count: Int) throws {
    let tokenizer = try Fixtures.tokenizer()
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let source = Array("internationalizationofthethousandandonenights".utf8)
    let word = (0..<count).map { source[$0 * 7 % source.count] }
    #expect(encoder.encode(word) == naiveMerge(word, tokenizer))
  }

  /// The definition, step by step: of all pairs the one merged first, of equal ones the leftmost.
  private func naiveMerge(_ word: [UInt8], _ tokenizer: Tokenizer) -> [UInt32] {
    var ids = word.map { tokenizer.vocabulary.id(of: [$0])! }
    var ranks: [[UInt32]: (rank: Int, result: UInt32)] = [:]
    for (rank, merge) in tokenizer.merges.enumerated() { ranks[[merge.left, merge.right]] = (rank, merge.result) }
    while true {
      let found = (0..<max(0, ids.count - 1)).compactMap { place in
        ranks[[ids[place], ids[place + 1]]].map { (place: place, rank: $0.rank, result: $0.result) }
      }
      guard let best = found.min(by: { ($0.rank, $0.place) < ($1.rank, $1.place) }) else { return ids }
      ids.replaceSubrange(best.place...best.place + 1, with: [best.result])
    }
  }

  @Test("The work grows with the length of a word, not with its square", arguments: ["a", "=", "ab", " "])
  func linear(unit: String) throws {
    let tokenizer = try Fixtures.tokenizer()
    func steps(_ count: Int) -> Int {
      var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
      _ = encoder.encode(String(repeating: unit, count: count / unit.utf8.count))
      return encoder.statistics.mergeSteps
    }
    let (short, long) = (steps(1 << 14), steps(1 << 20))
    #expect(long < 64 * 2 * max(short, 1 << 14), "\(short) steps for 16 KiB, \(long) for 1 MiB")
    #expect(long < 64 << 20)  // about three times log2 of the length for each byte
  }

  @Test("A special token in a document is a token or text, as the caller says")
  func specialTokens() throws {
    let tokenizer = try Fixtures.tokenizer()
    let end = try #require(tokenizer.id(ofAddedToken: "<|endoftext|>"))
    var recognizing = tokenizer.encoder(specialTokens: .recognizing, malformed: .keeping)
    var asText = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    #expect(recognizing.encode("<|endoftext|>") == [end])
    #expect(!asText.encode("<|endoftext|>").contains(end))
    #expect(tokenizer.isSpecial(end))
    let ids = recognizing.encode("a<|endoftext|>b")
    #expect(try tokenizer.decodeText(ids, specialTokens: .keeping) == "a<|endoftext|>b")
    #expect(try tokenizer.decodeText(ids, specialTokens: .skipping) == "ab")
  }

  @Test("Half a character decodes to U+FFFD in text and to itself in bytes")
  func halfCharacter() throws {
    let tokenizer = try Fixtures.tokenizer()
    let id = try #require(tokenizer.vocabulary.id(of: [0xE2]))
    #expect(tokenizer.bytes(of: id).map(Array.init) == [0xE2])
    #expect(tokenizer.byteCount(of: id) == 1)
    #expect(try tokenizer.decodeText([id], specialTokens: .keeping) == "\u{FFFD}")
  }

  @Test("An id that no token has is refused with its place")
  func unknownID() throws {
    let tokenizer = try Fixtures.tokenizer()
    #expect(tokenizer.bytes(of: 2048) == nil)
    let error = #expect(throws: GroveError.self) { try tokenizer.decode([0, 2048], specialTokens: .keeping) }
    #expect(error?.description == "ids[1]: no token has the id 2048; the vocabulary ends at 2047")
  }
}
