import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Perplexity")
struct PerplexityTests {
  private func evaluator(_ length: Int, stride: Int, batch: Int = 64, endOfText: Int = 0) throws -> PerplexityEvaluator
  {
    try PerplexityEvaluator(contextLength: length, stride: stride, batchTokens: batch, endOfText: endOfText)
  }

  @Test(
    "A model of zeros pays log V for every token, whatever the window", arguments: [ModelConfig.Family.llama, .gpt2])
  func uniform(family: ModelConfig.Family) throws {
    let model = try makeModel(TinyModel.config(family), weights: .random(RandomKey(seed: 1)))
    for (_, parameter) in try model.parameters() { parameter.set(try .zeros(parameter.shape, .float32)) }
    try model.prepare(.float32, training: false, device: .cpu)
    let document = TokenizedDocument.made("a", (0..<100).map { $0 % 64 }, bytes: 50)
    let loss = try evaluator(16, stride: 5).losses(of: [document], under: model)[0]
    #expect(loss.tokens == 100)
    #expect(abs(loss.nats - 100 * log(64)) < 1e-3)
    #expect(abs(loss.bitsPerByte - 100 * 6 / 50) < 1e-4)
  }

  @Test("Each token is predicted from the one before, the first one from the end of text")
  func bigrams() throws {
    // After 0: ½ ¼ ¼; after 1: ⅛ ¾ ⅛; after 2: ⅓ ⅓ ⅓. The document 1 1 2 0 after a 0.
    let model = try BigramModel([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [1 / 3, 1 / 3, 1 / 3]])
    let document = TokenizedDocument.made("a", [1, 1, 2, 0], bytes: 3)
    let expected = -(log(0.25) + log(0.75) + log(0.125) + log(1.0 / 3))
    for length in 1...5 {
      for stride in 1...length {
        let loss = try evaluator(length, stride: stride).losses(of: [document], under: model)[0]
        #expect(loss.tokens == 4)
        #expect(abs(loss.nats - expected) < 1e-5, "length \(length), stride \(stride)")
        #expect(abs(loss.bitsPerByte - expected / (3 * log(2))) < 1e-5)
      }
    }
  }

  @Test(
    "Hand-worked windows: every token is scored once, at the position that the stride gives it",
    arguments: [
      // Seven tokens, four positions. Digits count the tokens scored at positions 0, 1, 2, 3.
      (4, 1.222), (3, 1.222), (2, 1.123), (1, 1.114),
    ])
  func windows(stride: Int, nats: Double) throws {
    let model = try PositionModel(nats: [1, 0.1, 0.01, 0.001])
    let document = TokenizedDocument.made("a", [Int64](repeating: 0, count: 7), bytes: 7)
    let loss = try evaluator(4, stride: stride).losses(of: [document], under: model)[0]
    #expect(loss.tokens == 7)
    #expect(abs(loss.nats - nats) < 1e-5)
  }

  @Test("Every token after the first window sees at least contextLength − stride tokens before it")
  func context() throws {
    // Positions below T − stride cost 1, the others nothing to speak of: only the first window pays.
    let length = 8
    for stride in 1...length {
      let model = try PositionModel(nats: (0..<length).map { $0 < length - stride ? 1 : 1e-6 })
      for count in [1, 7, 8, 9, 23, 40] {
        let document = TokenizedDocument.made("a", [Int64](repeating: 0, count: count), bytes: count)
        let loss = try evaluator(length, stride: stride).losses(of: [document], under: model)[0]
        #expect(loss.tokens == count)
        #expect(abs(loss.nats - Double(min(count, length - stride))) < 1e-3, "stride \(stride), \(count) tokens")
      }
    }
  }

  @Test("The result does not depend on how many tokens go through the model at once, nor on the other documents")
  func batches() throws {
    let model = try TinyModel.llama(seed: 3)
    let key = RandomKey(seed: 9)
    let documents = [1, 5, 16, 17, 40, 100, 2].enumerated().map { index, count in
      let draws = key.split(index)
      return TokenizedDocument.made("\(index)", (0..<count).map { Int64(draws.bits($0) % 64) }, bytes: count)
    }
    for stride in [3, 16] {
      let alone = try documents.map { try evaluator(16, stride: stride, batch: 1).losses(of: [$0], under: model)[0] }
      for batch in [1, 16, 50, 1000] {
        var done: [Int] = []
        let together = try evaluator(16, stride: stride, batch: batch).losses(of: documents, under: model) {
          done.append($0)
        }
        #expect(done.last == 181 && zip(done, done.dropFirst()).allSatisfy { $0 < $1 })
        for (a, b) in zip(alone, together) {
          #expect(a.id == b.id && a.tokens == b.tokens && a.bytes == b.bytes)
          #expect(abs(a.nats - b.nats) < 1e-5 * a.nats, "document \(a.id), batch \(batch)")
        }
      }
    }
  }

  @Test("An empty document is its end of text; no document at all is no loss")
  func empty() throws {
    let model = try BigramModel([[0.5, 0.5], [0.25, 0.75]])
    let losses = try evaluator(4, stride: 4).losses(
      of: [.made("a", [0], bytes: 0), .made("b", [], bytes: 0)], under: model)
    #expect(losses.map(\.tokens) == [1, 0])
    #expect(abs(losses[0].nats - log(2)) < 1e-6 && losses[1].nats == 0)
    #expect(try evaluator(4, stride: 4).losses(of: [], under: model) == [])
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    func message(_ length: Int, _ stride: Int) -> String? {
      #expect(throws: GroveError.self) { try evaluator(length, stride: stride) }?.description
    }
    #expect(message(0, 1) == "contextLength: 0 is not positive")
    #expect(message(8, 0) == "stride: 0 is outside 1...8")
    #expect(message(8, 9) == "stride: 9 is outside 1...8")
  }
}

@Suite("Perplexity put together")
struct PerplexitySummaryTests {
  private func loss(_ domain: String, _ nats: Double, tokens: Int = 10, bytes: Int) -> DocumentLoss {
    DocumentLoss(id: "\(domain)-\(nats)", domain: domain, nats: nats, tokens: tokens, bytes: bytes)
  }

  @Test("Bits per byte are Σ nats / Σ bytes / ln 2: long documents weigh more; domains weigh the same")
  func numbers() throws {
    let ln2 = log(2.0)
    let summary = try PerplexitySummary(
      [
        loss("b", 8 * ln2, tokens: 4, bytes: 2), loss("a", 10 * ln2, tokens: 5, bytes: 10),
        loss("a", 5 * ln2, tokens: 5, bytes: 20),
      ], random: RandomKey(seed: 0))
    #expect(summary.domains.map(\.domain) == ["a", "b"])
    #expect(summary.domains.map(\.documents) == [2, 1])
    #expect(abs(summary.domains[0].bitsPerByte - 0.5) < 1e-12)
    #expect(abs(summary.domains[0].natsPerToken - 1.5 * ln2) < 1e-12)
    #expect(abs(summary.domains[1].bitsPerByte - 4) < 1e-12)
    #expect(abs(summary.all.bitsPerByte - 23.0 / 32) < 1e-12)
    #expect(abs(summary.meanOverDomains - 2.25) < 1e-12)
  }

  @Test("An interval holds its point, is within the documents' own values, and is the same for the same key")
  func intervals() throws {
    let key = RandomKey(seed: 4)
    let losses = (0..<40).map { loss("a", 20 + 100 * key.uniform($0), bytes: 30 + Int(key.bits($0) % 50)) }
    let row = try PerplexitySummary(losses, random: RandomKey(seed: 1)).all
    let interval = try #require(row.interval)
    #expect(interval.contains(row.bitsPerByte) && interval.lower < interval.upper)
    let values = losses.map(\.bitsPerByte)
    #expect(interval.lower > values.min() ?? 0 && interval.upper < values.max() ?? 0)
    #expect(try PerplexitySummary(losses, random: RandomKey(seed: 1)).all.interval == interval)
    #expect(try PerplexitySummary(losses, random: RandomKey(seed: 2)).all.interval != interval)
  }

  @Test("One document is judged too, without an interval")
  func oneDocument() throws {
    let row = try PerplexitySummary([loss("a", 7, bytes: 3)], random: RandomKey(seed: 0)).all
    #expect(row.interval == nil)
  }

  @Test("Documents without text are left out; none with text, or a loss that is not a number, is refused")
  func hostile() throws {
    let random = RandomKey(seed: 0)
    let some = try PerplexitySummary([loss("a", 7, bytes: 3), loss("b", 9, bytes: 0)], random: random)
    #expect(some.domains.map(\.domain) == ["a"])
    #expect(some.all.documents == 1)
    func message(_ losses: [DocumentLoss]) -> String? {
      #expect(throws: GroveError.self) { try PerplexitySummary(losses, random: random) }?.description
    }
    #expect(message([]) == "documents: there is none with text")
    #expect(message([loss("b", 9, bytes: 0)]) == "documents: there is none with text")
    #expect(
      message([loss("a", 7, bytes: 3), loss("a", .nan, bytes: 3)])
        == "a-nan: the loss of the document is nan. The model's weights are not sound.")
  }
}
