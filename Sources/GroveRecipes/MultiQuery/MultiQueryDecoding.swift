import Foundation
import GroveCore
import GroveDecode
import GroveModel
import GroveTensor

/// How fast the arms' models write, at several lengths of what stands before.
struct MultiQueryDecoding {
  let config: MultiQueryConfig

  static func seconds(_ arm: MultiQueryArm, _ context: Int) -> String { "seconds, \(arm.rawValue), \(context)" }

  /// Seconds of the timed tokens by round. The time of a token does not depend on the weights, so they are random.
  func measure(_ arms: [MultiQueryArm]) throws -> ArmFigures {
    let clock = ContinuousClock()
    let models = try arms.map { arm in
      let model = try makeModel(arm.changed(config.training.model), weights: .random(RandomKey(seed: 0)))
      try model.prepare(.float32, training: false, device: .cpu)
      return model
    }
    var figures = ArmFigures()
    for context in config.decodedContexts {
      let ways = models.map { model in
        {
          let batch = try begun(model, context: context)
          let start = clock.now
          while try batch.next().contains(where: { $0 != nil }) {}
          return (clock.now - start).seconds
        }
      }
      for (arm, seconds) in zip(arms, try InterleavedTiming(rounds: config.timedRounds).measured(ways)) {
        figures.series[Self.seconds(arm, context)] = seconds
      }
    }
    return figures
  }

  /// Texts whose prompts have been read: the first token, which comes with them, is not timed.
  private func begun(_ model: any LanguageModel, context: Int) throws -> GenerationBatch {
    let count = context - config.decodedTokens
    let prompts = (0..<config.decodedTexts).map { text in
      (0..<count).map { (31 * text + 7 * $0) % config.training.model.vocabularySize }
    }
    let batch = try GenerationBatch(
      model, prompts: prompts, sampler: .greedy, randoms: prompts.indices.map { RandomKey(seed: UInt64($0)) },
      limits: GenerationLimits(maximumTokens: config.decodedTokens, context: context))
    _ = try batch.next()
    return batch
  }
}
