import GroveCore
import GroveModel

/// What the config of a recipe says of its small decoders.
protocol DecoderShape {
  /// Width of the residual stream, C.
  var width: Int { get }
  /// Blocks, L.
  var layers: Int { get }
  /// Heads of attention, H.
  var heads: Int { get }
  /// Ids of the models, V.
  var vocabularySize: Int { get }
  /// Positions of a training sequence, T.
  var contextLength: Int { get }
}

extension DecoderShape {
  /// The shape of all models: LLaMA's, with feed-forward layers of 8/3 of the width, rounded up to a multiple of 8.
  var model: ModelConfig {
    var model = ModelConfig()
    model.vocabularySize = vocabularySize
    model.contextLength = contextLength
    model.width = width
    model.layers = layers
    model.attention.heads = heads
    model.attention.keyValueHeads = heads
    model.feedForwardWidth = (8 * width / 3 + 7) / 8 * 8
    return model
  }

  /// What is wrong with the shape, by its fields.
  func shapeIssues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive(["width": width, "layers": layers, "contextLength": contextLength])
    if heads <= 0 || width % max(2 * heads, 1) != 0 {
      issues.append(ConfigIssue("heads", "\(heads) heads do not divide width \(width) into even parts"))
    }
    if vocabularySize < 257 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 257")) }
    return issues
  }

  /// What an arm of so many tokens costs.
  func plan(_ name: String, seeds: Int, tokens: Int) -> RecipePlan.Arm {
    RecipePlan.Arm(
      name: name, seeds: seeds, parameters: model.parameterCount, tokens: tokens,
      operations: Double(tokens) * model.trainingOperationsPerToken)
  }
}
