public import GroveCore
public import GroveModel

/// What recipes that compare models share: the texts, the model that the arms change, and how all of them are trained.
public struct ComparisonConfig: Config, TextStreamSettings {
  /// Trainings of each arm: the same seed draws the same weights, where shapes agree, and the same order of data.
  public var seeds = 1
  /// The model before an arm changes it. The tokenizer learns as many ids as its vocabulary has; 257 are bytes alone.
  public var model = ModelConfig()
  /// Sequences of a step, B.
  public var batchSize = 8
  public var steps = 400
  /// The peak of the schedule: up linearly, then down half a cosine.
  public var learningRate = 3e-3
  public var warmupSteps = 20
  /// The rate at the end as a share of the peak.
  public var floorShare = 0.1
  /// Share of the documents that are held out.
  public var heldOutShare = 0.1
  /// Documents are taken from a file until it has given a stream so many bytes; 0 takes all.
  public var bytesPerPart = 0
  /// The texts; every arm reads all of them, in proportion to their sizes.
  public var streams: [TextStream] = []

  public init() {
    model.family = .grove
    model.vocabularySize = 512
    model.contextLength = 128
    model.width = 64
    model.layers = 2
    (model.attention.heads, model.attention.keyValueHeads) = (4, 4)
    model.feedForwardWidth = 176
  }

  var vocabularySize: Int { model.vocabularySize }

  /// The model in another size.
  func model(_ size: ModelSize, feedForwardWidth: Int) -> ModelConfig {
    var model = model
    (model.width, model.layers, model.feedForwardWidth) = (size.width, size.layers, feedForwardWidth)
    (model.attention.heads, model.attention.keyValueHeads) = (size.heads, size.heads)
    return model
  }

  /// Takes a training of a second, on a file of the corpus.
  mutating func shrink(to file: String, as stream: String) {
    (model.width, model.feedForwardWidth, model.contextLength) = (16, 32, 32)
    (batchSize, steps, warmupSteps) = (4, 6, 2)
    (bytesPerPart, heldOutShare) = (12_000, 0.3)
    streams = [TextStream(stream, TextPart(file))]
  }

  public func issues() -> [ConfigIssue] {
    var issues = model.issues().under("model")
    issues += ConfigIssue.notPositive(["seeds": seeds, "batchSize": batchSize, "steps": steps])
    issues += ConfigIssue.notPositive(["learningRate": learningRate])
    if !(0..<steps).contains(warmupSteps) {
      issues.append(ConfigIssue("warmupSteps", "\(warmupSteps) is outside 0..<\(steps), the steps"))
    }
    if !(0...1).contains(floorShare) { issues.append(ConfigIssue("floorShare", "\(floorShare) is outside [0, 1]")) }
    if model.vocabularySize < 257 {
      issues.append(ConfigIssue("model.vocabularySize", "\(model.vocabularySize) is below 257"))
    }
    return issues + textIssues()
  }
}
