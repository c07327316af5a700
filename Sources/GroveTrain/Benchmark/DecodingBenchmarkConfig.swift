public import GroveCore
public import GroveModel
import GroveTensor

/// What a benchmark of decoding generates, and with which model.
public struct DecodingBenchmarkConfig: Config {
  /// The models of `grove bench decode`.
  public enum Shape: String, CaseIterable, Sendable {
    /// The LLaMA of the training benchmark: width 384, 6 layers, 6 heads, vocabulary 8,192.
    case million14 = "14m"
    /// The shape of SmolLM2-135M: width 576, 30 layers, 9 heads in 3 groups, vocabulary 49,152.
    case million135 = "135m"
  }

  public var model = ModelConfig()
  public var precision = Precision.float32
  /// Texts side by side.
  public var batchSize = 1
  /// Tokens of every prompt.
  public var promptTokens = 384
  /// Tokens that are generated, the first included.
  public var newTokens = 128
  /// Threads of an operator; 0 takes the machine's cores.
  public var threads = 0
  /// Of the weights.
  public var seed = 1

  public init() { self.init(.million14) }

  /// One of the named shapes.
  public init(_ shape: Shape) {
    switch shape {
    case .million14: model = TrainingBenchmarkConfig(.million14).model
    case .million135:
      model.width = 576
      model.layers = 30
      model.attention.heads = 9
      model.attention.keyValueHeads = 3
      model.feedForwardWidth = 1536
      model.vocabularySize = 49_152
    }
    model.contextLength = 512
  }

  public func issues() -> [ConfigIssue] {
    var issues = model.issues().under("model")
    issues += ConfigIssue.notPositive([
      "batchSize": batchSize, "promptTokens": promptTokens, "model.vocabularySize": model.vocabularySize,
    ])
    if newTokens < 2 { issues.append(ConfigIssue("newTokens", "\(newTokens) is below 2: the first one counts apart")) }
    for (field, value) in [("threads", threads), ("seed", seed)] where value < 0 {
      issues.append(ConfigIssue(field, "\(value) is negative"))
    }
    if threads > Torch.mostThreads {
      issues.append(ConfigIssue("threads", "\(threads) is more than \(Torch.mostThreads)"))
    }
    if promptTokens + newTokens > model.contextLength {
      issues.append(
        ConfigIssue(
          "promptTokens", "\(promptTokens) and \(newTokens) new ones do not fit in \(model.contextLength) positions"))
    }
    return issues
  }

  /// What is measured, as result files name it: "decode/llama-14M/float32/batch1/context512".
  public var name: String {
    let size = (model.parameterCount + 500_000) / 1_000_000
    return "decode/\(model.family.rawValue)-\(size)M/\(precision.rawValue)/batch\(batchSize)"
      + "/context\(promptTokens + newTokens)"
  }
}
