import Foundation
import GroveCore
import GroveEval
import GroveModel
import GroveTensor

/// What attention costs with each pattern over the length of a text, by count and by time, and what recomputation saves.
struct SparseTransformerCost {
  let config: SparseTransformerConfig

  /// The length's root, as the paper has it: then a text of n positions costs n·√n.
  static func block(_ length: Int) -> Int { Int(Double(length).squareRoot().rounded()) }

  static func seconds(_ pattern: AttentionConfig.Pattern) -> String { "seconds, \(pattern.rawValue)" }
  static func reads(_ pattern: AttentionConfig.Pattern) -> String { "keys read, \(pattern.rawValue)" }

  func measure() throws -> ArmFigures {
    var figures = ArmFigures()
    for pattern in SparseTransformerRecipe.patterns {
      figures.series[Self.reads(pattern)] = config.timedLengths.map { reads(pattern, $0) * Double($0) }
    }
    for length in config.timedLengths {
      for (pattern, median) in zip(SparseTransformerRecipe.patterns, try seconds(length)) {
        figures.series[Self.seconds(pattern), default: []].append(median)
      }
    }
    try addMemory(to: &figures)
    return figures
  }

  /// One layer that is hardly more than attention.
  private func layer(_ pattern: AttentionConfig.Pattern, _ length: Int) -> ModelConfig {
    var model = config.training.model
    (model.layers, model.feedForwardWidth, model.contextLength, model.dropout) = (1, 8, length, 0)
    model.positions.kind = .none
    model.attention.pattern = pattern
    model.attention.block = Self.block(length)
    model.attention.summary = min(model.attention.summary, model.attention.block)
    return model
  }

  /// Keys that the arithmetic reads for each query, from the model's count of operations: against the same with one key.
  private func reads(_ pattern: AttentionConfig.Pattern, _ length: Int) -> Double {
    let model = layer(pattern, length)
    var single = layer(.full, length)
    single.attention.window = 1
    let perKey = 12 * Double(model.attention.heads * model.headWidth)
    return (model.trainingOperationsPerToken - single.trainingOperationsPerToken) / perKey + 1
  }

  /// The median time of a pass over a text, by pattern.
  private func seconds(_ length: Int) throws -> [Double] {
    let tokens = try Tensor([Int64](repeating: 65, count: length), [1, length])
    let ways = try SparseTransformerRecipe.patterns.map { pattern in
      let model = try makeModel(layer(pattern, length), weights: .random(RandomKey(seed: 0)))
      try model.prepare(.float32, training: false, device: .cpu)
      return {
        try withGradients(.off) {
          _ = try model.hiddenStates(tokens, ForwardPass(.inference)).contiguous().values(as: Float.self)
        }
      }
    }
    return try InterleavedTiming(rounds: config.timedRounds).medians(ways)
  }

  /// The most memory and the time of a training step, with the activations kept and made again.
  private func addMemory(to figures: inout ArmFigures) throws {
    var shape = config.training.model
    (shape.layers, shape.dropout) = (config.recomputedLayers, 0)
    let model = try makeModel(shape, weights: .random(RandomKey(seed: 0)))
    try model.prepare(.float32, training: true, device: .cpu)
    let ids = (0..<config.training.batchSize * shape.contextLength).map { Int64($0 % shape.vocabularySize) }
    let tokens = try Tensor(ids, [config.training.batchSize, shape.contextLength])
    var bytes = [0, 0]
    let weights = try model.parameters().map(\.parameter.working)
    let ways = [false, true].enumerated().map { place, recomputes in
      {
        bytes[place] = try PassMemory.peakBytes {
          let pass = ForwardPass(.inference, recomputes: recomputes)
          try model.loss(tokens, targets: tokens, zLoss: 0, pass).backward()
        }
        for weight in weights { try weight.clearGradient() }
      }
    }
    let seconds = try InterleavedTiming(rounds: 3).medians(ways)
    for (name, place) in [("kept", 0), ("made again", 1)] {
      figures.figures["peak bytes, \(name)"] = Double(bytes[place])
      figures.figures["step seconds, \(name)"] = seconds[place]
    }
  }
}
