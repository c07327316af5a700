import GroveCore
import GroveDecode
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Continuing a text")
struct GenerationTests {
  private static let prompt = [3, 41, 7, 19, 22]
  private static let limits = GenerationLimits(maximumTokens: 20, context: 48)

  private static func session(
    _ model: any LanguageModel, prompt: [Int] = prompt, _ sampler: Sampler = .greedy, seed: UInt64 = 1,
    limits: GenerationLimits = limits
  ) throws -> GenerationSession {
    try GenerationSession(model, prompt: prompt, sampler: sampler, random: RandomKey(seed: seed), limits: limits)
  }

  private static func run(_ session: GenerationSession) throws -> (tokens: [GeneratedToken], finish: FinishReason?) {
    var tokens: [GeneratedToken] = []
    while let token = try session.next() { tokens.append(token) }
    return (tokens, session.finish)
  }

  @Test("Greedy decoding is the loop over full passes", arguments: ModelConfig.Family.allCases)
  func greedy(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 3)
    var text = Self.prompt
    var logProbabilities: [Double] = []
    for _ in 0..<20 {
      let scores = try withGradients(.off) {
        try model.logits(Tensor(text.map { Int64($0) }, [1, text.count]), ForwardPass(.inference)).selected(1, -1)
      }
      text.append(Int(try scores.argumentOfMaximum(-1).values(as: Int64.self)[0]))
      logProbabilities.append(try scores.logSoftmax(-1).values(as: Double.self)[text.last!])
    }
    let (tokens, finish) = try Self.run(Self.session(model))
    #expect(tokens.map(\.id) == Array(text.dropFirst(5)))
    #expect(finish == .maximumTokens)
    for (token, expected) in zip(tokens, logProbabilities) {
      #expect(abs(token.logProbability - expected) < Tolerance.logits.absolute)
    }
  }

  @Test("The same key gives the same text, another key another", arguments: ModelConfig.Family.allCases)
  func reproducible(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 3)
    let drawn = try Sampler.drawing(SamplingOptions())
    let first = try Self.run(Self.session(model, drawn)).tokens
    #expect(try Self.run(Self.session(model, drawn)).tokens == first)
    #expect(try Self.run(Self.session(model, drawn, seed: 2)).tokens != first)
  }

  @Test("The portions in which a prompt is read do not change the text", arguments: [1, 2, 3, 5])
  func portions(prefill: Int) throws {
    let model = try TinyModel.llama(seed: 3)
    let drawn = try Sampler.drawing(SamplingOptions())
    var limits = Self.limits
    limits.prefill = prefill
    let whole = try Self.run(Self.session(model, drawn)).tokens.map(\.id)
    #expect(try Self.run(Self.session(model, drawn, limits: limits)).tokens.map(\.id) == whole)
  }

  @Test("A text goes on from where another stopped as that one did", arguments: [1, 9])
  func continuation(cut: Int) throws {
    let model = try TinyModel.gpt2(seed: 3)
    var options = SamplingOptions()
    options.repetitionPenalty = 1.3
    let drawn = try Sampler.drawing(options)
    let whole = try Self.run(Self.session(model, drawn)).tokens.map(\.id)
    let rest = try Self.session(model, prompt: Self.prompt + whole[..<cut], drawn)
    #expect(Array(try Self.run(rest).tokens.map(\.id).prefix(20 - cut)) == Array(whole[cut...]))
  }

  @Test("A stop token ends the text and is not part of it")
  func stopToken() throws {
    let model = try TinyModel.llama(seed: 3)
    let drawn = try Sampler.drawing(SamplingOptions())
    let whole = try Self.run(Self.session(model, drawn)).tokens.map(\.id)
    var limits = Self.limits
    limits.stopTokens = [whole[6]]
    let (tokens, finish) = try Self.run(Self.session(model, drawn, limits: limits))
    #expect(tokens.map(\.id) == Array(whole.prefix { $0 != whole[6] }))
    #expect(finish == .stopToken)
  }

  @Test("Prompt and text fill the context to the last position", arguments: ModelConfig.Family.allCases)
  func contextFull(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 3)
    let (tokens, finish) = try Self.run(
      Self.session(model, limits: GenerationLimits(maximumTokens: .max, context: 48)))
    #expect(tokens.count == 43)
    #expect(finish == .contextFull)
    let none = try Self.run(Self.session(model, limits: GenerationLimits(maximumTokens: 3, context: 5)))
    #expect(none.tokens.isEmpty && none.finish == .contextFull)
  }

  @Test("A stop string over several tokens ends the text, and no part of it comes out")
  func stopString() throws {
    let model = try TinyModel.llama(seed: 3)
    let drawn = try Sampler.drawing(SamplingOptions())
    let bytes: (Int) -> [UInt8] = { Array(String(UnicodeScalar(UInt8(48 + $0))).utf8) }
    func text(_ stops: [String]) throws -> (pieces: [TextGeneration.Piece], finish: FinishReason?) {
      let generation = try TextGeneration(Self.session(model, drawn), stops: stops, bytes: bytes)
      var pieces: [TextGeneration.Piece] = []
      while let piece = try generation.next() { pieces.append(piece) }
      return (pieces, generation.finish)
    }
    let whole = try text([])
    let all = whole.pieces.map(\.text).joined()
    #expect(all.count == 20 && whole.finish == .maximumTokens)
    let stop = String(all.dropFirst(8).prefix(3))
    let stopped = try text(["no such", stop])
    #expect(stopped.pieces.map(\.text).joined() == String(all.prefix(8)))
    #expect(stopped.pieces.compactMap(\.token) == Array(whole.pieces.compactMap(\.token).prefix(11)))
    #expect(stopped.finish == .stopString)
    // At the end, what only looked like the beginning of a stop string comes out after all.
    let held = try text([all.suffix(2) + "…"])
    #expect(held.pieces.last?.token == nil && held.pieces.last?.text == String(all.suffix(2)))
    #expect(held.pieces.map(\.text).joined() == all)
  }

  @Test(
    "A request that cannot be is refused in words",
    arguments: [
      ([], 3, 48, 8, "prompt: has no token. Begin with the end-of-text token."),
      ([1, 64], 3, 48, 8, "prompt: id 64 at position 1 is outside 0..<64"),
      ([1, -5], 3, 48, 8, "prompt: id -5 at position 1 is outside 0..<64"),
      ([1], -1, 48, 8, "maximumTokens: -1 is negative"), ([1], 3, 48, 0, "prefill: 0 is not positive"),
      ([1], 3, 49, 8, "context: 49 is more than the 48 positions of the model"),
      (
        [1, 2, 3], 3, 2, 8,
        "prompt: 3 tokens do not fit in a context of 2. Shorten the prompt, or give a longer context."
      ),
    ] as [([Int], Int, Int, Int, String)])
  func refused(prompt: [Int], maximum: Int, context: Int, prefill: Int, message: String) throws {
    let model = try TinyModel.gpt2(seed: 3)
    let limits = GenerationLimits(maximumTokens: maximum, context: context, prefill: prefill)
    let error = #expect(throws: GroveError.self) { try Self.session(model, prompt: prompt, limits: limits) }
    #expect(error?.description == message)
  }

  /// The counts are the process's, so the test has a process of its own.
  @Test("A token of a session takes the memory of its forward pass, and no more")
  func allocations() async {
    await #expect(processExitsWith: .success) {
      try Torch.setThreads(1)
      let model = try TinyModel.llama(seed: 3)
      let session = try GenerationSession(
        model, prompt: [3, 41], sampler: .greedy, random: RandomKey(seed: 1),
        limits: GenerationLimits(maximumTokens: 20, context: 48))
      var text = [3, 41]
      for _ in 0..<4 { try session.next().map { text.append($0.id) } }
      let cache = try model.makeCache(texts: 1, capacity: 22)
      _ = try model.nextScores(reading: [Array(text.dropLast())], into: cache, portion: 512)
      func counted(_ body: () throws -> Void) throws -> Int {
        let before = try Torch.memory().allocations
        try body()
        return try Torch.memory().allocations - before
      }
      let pass = try counted { _ = try model.nextScores(reading: [[text[5]]], into: cache, portion: 512) }
      #expect(pass > 0)
      for _ in 0..<5 { #expect(try counted { _ = try session.next() } == pass) }
    }
  }
}
