public import GroveCore
public import GroveModel
public import GroveTrain

/// Texts of one length, for some steps of a training.
public struct NeedleStage: Config {
  /// Positions of a text.
  public var length = 512
  /// Texts of a step.
  public var batchSize = 4
  public var steps = 100

  public init() {}

  init(length: Int, batchSize: Int, steps: Int) {
    (self.length, self.batchSize, self.steps) = (length, batchSize, steps)
  }

  public func issues() -> [ConfigIssue] {
    ConfigIssue.notPositive(["length": length, "batchSize": batchSize, "steps": steps])
  }
}

/// What the recipe `colt5-conditional` trains and measures.
public struct ConditionalConfig: Config {
  /// Trainings of each arm.
  public var seeds = 1
  /// The file of the corpus in whose bytes the facts are hidden.
  public var text = "manual-en"
  /// One after the other; accuracy is that on texts as long as the last.
  public var stages = [NeedleStage()]
  /// Texts that are judged, from documents that are held out.
  public var heldOutTexts = 32
  /// The model of the dense arm; the others change the kind of its routing alone.
  public var model = EncoderDecoderConfig()
  public var training = ObjectiveTraining()
  /// The model whose training step is timed.
  public var timedModel = EncoderDecoderConfig()
  /// Lengths of the text that is timed.
  public var timedLengths = [1024, 2048, 4096]
  /// Times that each is measured.
  public var timedRounds = 7

  public init() {
    model.routing.kind = .local
    timedModel.routing.kind = .local
  }

  public func issues() -> [ConfigIssue] {
    var issues = stages.enumerated().flatMap { $1.issues().under("stages.\($0)") }
    issues += ConfigIssue.notPositive(["seeds": seeds, "heldOutTexts": heldOutTexts])
    if timedRounds < 2 { issues.append(ConfigIssue("timedRounds", "\(timedRounds) has no interval; give 2 or more")) }
    if stages.isEmpty { issues.append(ConfigIssue("stages", "there is none to train")) }
    for (index, stage) in stages.enumerated() where stage.length < NeedleTexts.facts {
      issues.append(
        ConfigIssue(
          "stages.\(index).length", "\(stage.length) positions hold no \(NeedleTexts.facts) facts"))
    }
    if timedLengths.isEmpty || timedLengths != Array(Set(timedLengths)).sorted()
      || timedLengths[0] <= 0
    {
      issues.append(ConfigIssue("timedLengths", "\(timedLengths) are not rising lengths"))
    }
    for (field, model) in [("model", model), ("timedModel", timedModel)] {
      issues += model.issues().under(field)
      if model.routing.kind != .local {
        issues.append(ConfigIssue("\(field).routing.kind", "the arms choose it"))
      }
    }
    if model.vocabularySize != NeedleTexts.vocabulary {
      issues.append(
        ConfigIssue(
          "model.vocabularySize",
          "\(model.vocabularySize) is not \(NeedleTexts.vocabulary), that of the texts"))
    }
    return issues + training.issues().under("training")
  }

  var steps: Int { stages.reduce(0) { $0 + $1.steps } }
  /// Positions of the texts that are judged.
  var judgedLength: Int { stages[stages.count - 1].length }

  /// The stage of a step, counted from 0.
  func stage(of step: Int) -> NeedleStage {
    var end = 0
    for stage in stages {
      end += stage.steps
      if step < end { return stage }
    }
    return stages[stages.count - 1]
  }
}

extension ConditionalConfig {
  /// A model with CoLT5's shares: light layers of half the hidden width and a quarter of the heads, heavy ones of four times.
  private static func model(width: Int, layers: Int, heads: Int, radius: Int)
    -> EncoderDecoderConfig
  {
    var model = EncoderDecoderConfig()
    model.vocabularySize = NeedleTexts.vocabulary
    (model.width, model.layers, model.decoderLayers) = (width, layers, 1)
    (model.heads, model.headWidth, model.crossKeyValueHeads) = (heads, width / heads, 1)
    model.feedForwardWidth = 4 * width
    (model.routing.kind, model.routing.radius) = (.local, radius)
    (model.routing.lightHeads, model.routing.lightWidth, model.routing.heavyWidth) = (
      heads / 4, 2 * width, 16 * width
    )
    model.initialFactor = 0.5
    return model
  }

  /// A few seconds.
  static var smoke: ConditionalConfig {
    var config = tiny
    config.seeds = 1
    config.model = model(width: 16, layers: 2, heads: 4, radius: 8)
    config.stages = [
      NeedleStage(length: 128, batchSize: 2, steps: 3),
      NeedleStage(length: 256, batchSize: 1, steps: 2),
    ]
    config.heldOutTexts = 2
    (config.timedLengths, config.timedRounds) = ([256, 512], 2)
    return config
  }

  /// Two blocks of width 64 on texts of 64, 256 and 2,048 positions.
  static var tiny: ConditionalConfig {
    var config = ConditionalConfig()
    config.seeds = 5
    config.model = model(width: 64, layers: 2, heads: 4, radius: 31)
    config.model.routing.iterations = 20
    config.stages = [
      NeedleStage(length: 64, batchSize: 16, steps: 900),
      NeedleStage(length: 256, batchSize: 4, steps: 150),
      NeedleStage(length: 2048, batchSize: 1, steps: 150),
    ]
    config.training.optimizer.learningRate = 3e-3
    config.training.optimizer.weightDecay = 0
    config.training.schedule.warmupSteps = 50
    config.timedModel = model(width: 128, layers: 4, heads: 4, radius: 127)
    return config
  }

  /// CoLT5 base on texts of 16,384 positions.
  static var full: ConditionalConfig {
    var config = tiny
    config.model = model(width: 768, layers: 12, heads: 12, radius: 127)
    config.model.decoderLayers = 12
    config.timedModel = config.model
    config.stages = [
      NeedleStage(length: 4096, batchSize: 128, steps: 10_000),
      NeedleStage(length: 16_384, batchSize: 128, steps: 2000),
    ]
    config.training.optimizer.learningRate = 1e-3
    config.timedLengths = [4096, 16_384]
    return config
  }
}
