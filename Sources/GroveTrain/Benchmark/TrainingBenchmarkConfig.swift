public import GroveCore
public import GroveModel
import GroveTensor

/// What a training benchmark measures: a model, its batch, and how long.
public struct TrainingBenchmarkConfig: Config {
  /// The shapes that have a name; each can be changed field by field.
  public enum Shape: String, Sendable, CaseIterable {
    /// LLaMA, 1.05M parameters: width 128, 4 layers, vocabulary 2,048, batch 8 × 256.
    case million1 = "1m"
    /// LLaMA, 2.56M parameters, an expert of a small forest: width 192, 4 layers, vocabulary 4,096, batch 16 × 256.
    case million2 = "2.5m"
    /// LLaMA, 13.8M parameters: width 384, 6 layers, vocabulary 8,192, batch 8 × 256.
    case million14 = "14m"
    /// GPT-2 (Radford et al. 2019) at its smallest: 124M parameters, batch 4 × 256.
    case million124 = "124m"
  }

  /// Its vocabulary's size must be given: there is no tokenizer to take it from.
  public var model = ModelConfig()
  /// Sequences of a step, B.
  public var batchSize = 8
  /// Of the matrices; float16 is refused.
  public var precision = Precision.float32
  /// Measured steps, after the warm-up.
  public var steps = 12
  /// Steps before the measurement: memory is found, caches and clocks settle.
  public var warmupSteps = 3
  /// The same at every step.
  public var learningRate = 1e-3
  /// Threads of an operator; 0 takes the machine's cores.
  public var threads = 0
  /// Of the weights and the batches.
  public var seed = 1

  public init() { model.vocabularySize = 2048 }

  /// One of the named shapes.
  public init(_ shape: Shape) {
    self.init()
    switch shape {
    case .million1: setModel(width: 128, layers: 4, heads: 4, feedForward: 344, vocabulary: 2048)
    case .million2:
      setModel(width: 192, layers: 4, heads: 6, feedForward: 512, vocabulary: 4096)
      batchSize = 16
    case .million14: setModel(width: 384, layers: 6, heads: 6, feedForward: 1024, vocabulary: 8192)
    case .million124:
      model.family = .gpt2
      setModel(width: 768, layers: 12, heads: 12, feedForward: 3072, vocabulary: 50_257)
      batchSize = 4
    }
  }

  private mutating func setModel(width: Int, layers: Int, heads: Int, feedForward: Int, vocabulary: Int) {
    model.width = width
    model.layers = layers
    model.attention.heads = heads
    model.attention.keyValueHeads = heads
    model.feedForwardWidth = feedForward
    model.vocabularySize = vocabulary
  }

  public func issues() -> [ConfigIssue] {
    var issues = model.issues().under("model")
    issues += ConfigIssue.notPositive([
      "batchSize": batchSize, "steps": steps, "model.vocabularySize": model.vocabularySize,
    ])
    for (field, value) in [("warmupSteps", warmupSteps), ("threads", threads), ("seed", seed)] where value < 0 {
      issues.append(ConfigIssue(field, "\(value) is negative"))
    }
    if threads > Torch.mostThreads {
      issues.append(ConfigIssue("threads", "\(threads) is more than \(Torch.mostThreads)"))
    }
    issues += ConfigIssue.notPositive(["learningRate": learningRate])
    if !precision.isForTraining {
      issues.append(ConfigIssue("precision", "\(precision.rawValue) is for inference; train in bfloat16 or float32"))
    }
    return issues
  }

  /// What is measured, as result files name it: "train/llama-14M/float32/batch8/context256".
  public var name: String {
    let count = model.parameterCount
    let size = count < 1_000_000 ? "\((count + 500) / 1000)k" : "\((count + 500_000) / 1_000_000)M"
    return
      "train/\(model.family.rawValue)-\(size)/\(precision.rawValue)/batch\(batchSize)/context\(model.contextLength)"
  }
}
