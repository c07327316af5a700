import Foundation
import GroveCore
import GroveDecode
import GroveForest
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A mixture that writes")
struct MixtureScorerTests {
  private static func tokens(_ session: GenerationSession) throws -> [GeneratedToken] {
    var tokens: [GeneratedToken] = []
    while let token = try session.next() { tokens.append(token) }
    return tokens
  }

  /// A rule's scorer; the domain is what an oracle asks for.
  private static func scorer(
    _ tiny: TinyExperts, _ rule: MixtureRule, limit: ExpertLimit = .none
  ) throws -> MixtureScorer {
    try MixtureScorer(tiny.pool(limit), rule: rule, distances: tiny.distances(), domain: "a")
  }

  @Test("Read token by token with caches, every rule has the scores and weights of the evaluation")
  func cachedIsFull() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let document = tiny.documents([23], domains: ["a"])[0]
      let rules = try MixtureRules.all()
      let results = try MixtureEvaluator(tiny.pool(), windows: tiny.windows(24), distances: tiny.distances())
        .evaluate([document], rules: rules, tracing: ["d0"])
      for (rule, result) in zip(rules, results) {
        let scorer = try Self.scorer(tiny, rule)
        try scorer.begin(texts: 1, capacity: 24)
        var last = tiny.endOfText
        for (token, id) in document.tokens.enumerated() {
          let scores = try scorer.read([[last]], portion: 8)
          #expect(scores.shape == [1, tiny.tokenizer.vocabularySize])
          let logProbability = try scores.logSoftmax(-1).values(as: Double.self)[Int(id)]
          #expect(abs(result.traces[0].nats[token] + logProbability) < 2e-4, "\(rule), token \(token)")
          // Scores are log-probabilities themselves.
          #expect(abs(try scores.values(as: Double.self)[Int(id)] - logProbability) < 1e-5)
          for (found, expected) in zip(scorer.weights(), result.traces[0].weights[token]) {
            #expect(abs(found - expected) < 2e-3, "\(rule), token \(token)")
          }
          last = Int(id)
        }
      }
    }
  }

  @Test("The portions in which a text is read do not change its weights and scores", arguments: [1, 4, 100])
  func portions(portion: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let text = [tiny.endOfText] + tiny.documents([20])[0].tokens.dropLast().map { Int($0) }
      for rule in try MixtureRules.all() {
        let (whole, parts) = (try Self.scorer(tiny, rule), try Self.scorer(tiny, rule))
        try whole.begin(texts: 1, capacity: 24)
        try parts.begin(texts: 1, capacity: 24)
        let expected = try whole.read([text], portion: portion)
        _ = try parts.read([Array(text[..<9])], portion: portion)
        let found = try parts.read([Array(text[9...])], portion: portion)
        #expect(try found.isClose(to: expected, within: .logits), "\(rule)")
        #expect(zip(whole.weights(), parts.weights()).allSatisfy { abs($0 - $1) < 1e-4 }, "\(rule)")
      }
    }
  }

  @Test("A mixture of one expert writes what the model writes, and so do experts that are the same")
  func one() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tokenizer = try TinyExperts.tokenizer()
      let tiny = try TinyExperts(in: folder, tokenizer, names: ["expert1", "expert2", "expert3"]) { _ in
        try TinyExperts.random(seed: 5, shape: 1, vocabulary: tokenizer.vocabularySize)
      }
      let model = try ModelFolder.load(tiny.experts[0].folder)
      try model.prepare(.float32, training: false, device: .cpu)
      let limits = GenerationLimits(maximumTokens: 20, context: 24)
      let prompt = [tiny.endOfText, 65, 66]
      let expected = try Self.tokens(
        GenerationSession(model, prompt: prompt, sampler: .greedy, random: RandomKey(seed: 1), limits: limits))
      #expect(expected.count == 20)
      let alone = try MixtureScorer(ExpertPool([tiny.experts[0]]), rule: MixtureRule(.uniform))
      let scorers = try [alone] + MixtureRules.all().map { try Self.scorer(tiny, $0) }
      for scorer in scorers {
        let found = try Self.tokens(
          GenerationSession(scorer, prompt: prompt, sampler: .greedy, random: RandomKey(seed: 1), limits: limits))
        #expect(found.map(\.id) == expected.map(\.id))
        #expect(zip(found, expected).allSatisfy { abs($0.logProbability - $1.logProbability) < 1e-4 })
      }
    }
  }

  @Test("A text of a batch is the one that it is alone, and a pool of one writes as a pool of all")
  func batch() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let limits = GenerationLimits(maximumTokens: 10, context: 24)
      let prompts = [[tiny.endOfText, 20], [tiny.endOfText, 230]]
      let randoms = (0..<2).map { RandomKey(seed: 3).split($0) }
      let sampler = try Sampler.drawing(SamplingOptions())
      for rule in try MixtureRules.all() {
        let batch = try GenerationBatch(
          Self.scorer(tiny, rule, limit: .experts(1)), prompts: prompts, sampler: sampler, randoms: randoms,
          limits: limits)
        var together: [[Int]] = [[], []]
        while !batch.isFinished {
          for (text, token) in try batch.next().enumerated() { if let token { together[text].append(token.id) } }
        }
        for text in 0..<2 {
          let alone = try Self.tokens(
            GenerationSession(
              Self.scorer(tiny, rule), prompt: prompts[text], sampler: sampler, random: randoms[text], limits: limits))
          #expect(alone.map(\.id) == together[text], "\(rule)")
        }
      }
    }
  }

  @Test("With the best by distance, only experts that were chosen are read from their folders")
  func sparse() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let pool = try tiny.pool()
      let scorer = try MixtureScorer(
        pool, rule: MixtureRule(.distance(MixtureRules.near), keeping: .best), distances: tiny.distances())
      try scorer.begin(texts: 1, capacity: 24)
      _ = try scorer.read([[tiny.endOfText]], portion: 8)
      #expect(scorer.weights() == [0, 1, 0] && scorer.leader() == "expert2" && pool.residentNames == ["expert2"])
      _ = try scorer.read([[Int](repeating: tiny.tokenizer.id(ofByte: 255), count: 4)], portion: 8)
      #expect(scorer.weights() == [0, 0, 1] && scorer.leader() == "expert3")
      #expect(pool.residentNames == ["expert2", "expert3"])
    }
  }

  @Test("A written text names the expert behind every token")
  func names() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tokenizer = try TinyExperts.tokenizer("xyxy")
      let tiny = try TinyExperts(in: folder, tokenizer, names: ["p", "q"]) { index in
        try TinyExperts.unigram(index == 0 ? ["p": 0.75, "q": 0.2] : ["p": 0.2, "q": 0.75], tokenizer)
      }
      let pool = try tiny.pool()
      let rule = try MixtureRule(.posterior(prior: .uniform, evidence: .wholeText))
      func write(_ prompt: String) throws -> (text: String, leaders: [String], tokens: Int) {
        let generation = try MixtureGeneration(
          MixtureScorer(pool, rule: rule), pool, prompt: prompt, sampler: .greedy, random: RandomKey(seed: 1),
          maximumTokens: 5)
        var text = ""
        while let piece = try generation.next() {
          text += piece.text
          #expect(piece.token == nil || piece.weights.count == 2)
        }
        #expect(generation.finish == .maximumTokens)
        return (text, generation.leaders.map(\.expert), generation.leaders.map(\.tokens).reduce(0, +))
      }
      #expect(try write("pp") == ("ppppp", ["p"], 5))
      #expect(try write("qqp") == ("qqqqq", ["q"], 5))
    }
  }

  @Test("An expert that goes while a text is written is named")
  func missing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let session = try GenerationSession(
        Self.scorer(tiny, MixtureRule(.uniform), limit: .experts(1)), prompt: [tiny.endOfText], sampler: .greedy,
        random: RandomKey(seed: 1), limits: GenerationLimits(maximumTokens: 5, context: 24))
      _ = try session.next()
      let gone = tiny.experts[1].folder
      try FileSystem.remove(gone)
      let error = #expect(throws: GroveError.self) { try session.next() }
      #expect(
        error?.description
          == "\(gone.path): the expert 'expert2' is missing. Put its folder back, or remove the expert from the forest."
      )
    }
  }
}
