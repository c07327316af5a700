import Foundation
import GroveCore
import GroveEval
import GroveModel
import GroveTensor
import GroveTrain

/// How long one decision takes: the deep encoder, and a committee whose members run side by side.
struct CommitteeLatency {
  let config: TinyLanguageModelsConfig
  let vocabularySize: Int

  /// Medians in milliseconds, one passage at a time. The deep encoder may use all cores for its operators, or one; the
  /// better counts. The members have one thread each, on as many cores at a time.
  /// - Parameter cores: of the machine, all of which `concurrentPerform` spreads the members over.
  func measure(cores: Int) throws -> (deep: Double, committee: Double) {
    let tokens = try Tensor(
      [Int64](repeating: 5, count: config.encoder.contextLength), [1, config.encoder.contextLength])
    let deep = try model(layers: config.encoder.layers, seed: 0)
    var best = Double.infinity
    for threads in Set([1, cores]) {
      try Torch.setThreads(threads)
      best = min(best, try median { try decide(deep, tokens) })
    }
    try Torch.setThreads(1)
    let members = try (0..<config.members).map { Member(try model(layers: config.shallowLayers, seed: $0), tokens) }
    let committee = try median {
      DispatchQueue.concurrentPerform(iterations: members.count) { index in members[index].decide() }
      for member in members { try member.check() }
    }
    return (best, committee)
  }

  private func model(layers: Int, seed: Int) throws -> TextClassifier {
    var shape = config.shape(layers: layers)
    shape.vocabularySize = vocabularySize
    let model = try TextClassifier(
      shape, classes: PassageTask.section.classes.count, weights: .random(RandomKey(seed: UInt64(seed))))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  private func median(_ body: () throws -> Void) throws -> Double {
    let clock = ContinuousClock()
    for _ in 0..<5 { try body() }
    return try Statistics.median(
      (0..<config.timedRounds).map { _ in
        let start = clock.now
        try body()
        return (clock.now - start).seconds * 1000
      })
  }

  // Safety: a member is used by one thread at a time: `concurrentPerform` returns when all are done.
  private final class Member: @unchecked Sendable {
    private let model: TextClassifier
    private let tokens: Tensor
    private var failure: (any Error)?

    init(_ model: TextClassifier, _ tokens: Tensor) {
      self.model = model
      self.tokens = tokens
    }

    func decide() {
      do {
        try Torch.setThreads(1)
        try GroveRecipes.decide(model, tokens)
      } catch {
        failure = error
      }
    }

    func check() throws { if let failure { throw failure } }
  }
}

/// One decision, its result waited for.
private func decide(_ model: TextClassifier, _ tokens: Tensor) throws {
  _ = try withGradients(.off) { try model.logits(tokens, attended: nil, .inference).values(as: Float.self) }
}
