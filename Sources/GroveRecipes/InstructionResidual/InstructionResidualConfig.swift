public import GroveCore

/// What the recipe `cpt-vs-instruct` trains and measures.
public struct InstructionResidualConfig: Config {
  /// Model, texts and schedules; `steps` is the longest continuation.
  public var pretraining = ContinuedPretrainingConfig()
  /// How the base is tuned.
  public var instructions = InstructionConfig()
  /// What the base reads of the tasks.
  public var practice = InstructionPracticeConfig()
  /// The instructions that it is tuned to, all at once.
  public var tasks = InstructionTask.allCases
  /// The stream of the base.
  public var general = "general"
  /// The stream of new text that the models are continued on.
  public var new = "new"
  /// Lengths of the continuation that are compared, in steps, rising to `pretraining.steps`. All are taken from one run at a
  /// constant rate, from the checkpoints that its validations leave.
  public var lengths = [200, 500, 1000]
  /// Factors of the residual that are compared at the longest continuation; 0 and 1 are among them.
  public var scales = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2]

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = pretraining.issues().under("pretraining") + instructions.issues().under("instructions")
    issues += pretraining.issues("general", naming: [general]) + pretraining.issues("new", naming: [new])
    issues += practice.issues().under("practice") + pretraining.issuesOfPractice()
    if general == new { issues.append(ConfigIssue("new", "is the stream of the base too")) }
    if tasks.isEmpty || Set(tasks).count != tasks.count {
      issues.append(ConfigIssue("tasks", "there are none, or one stands there twice"))
    }
    let distance = max(1, pretraining.steps / max(1, pretraining.validations))
    if lengths.isEmpty || lengths != Set(lengths).sorted() || lengths.last != pretraining.steps
      || !lengths.allSatisfy({ $0 > 0 && $0 % distance == 0 })
    {
      issues.append(
        ConfigIssue(
          "lengths", "\(lengths) are not multiples of \(distance) that rise to pretraining.steps \(pretraining.steps)"))
    }
    if !scales.contains(0) || !scales.contains(1) || Set(scales).count != scales.count
      || !scales.allSatisfy(\.isFinite)
    {
      issues.append(ConfigIssue("scales", "\(scales) are not different numbers with 0 and 1"))
    }
    return issues
  }

  var readTasks: InstructionPractice {
    InstructionPractice(config: practice, lists: InstructionLists(instructions), tasks: tasks)
  }

  /// The longest continuation.
  var longest: Int { pretraining.steps }
}

extension InstructionResidualConfig {
  /// A few seconds.
  static var smoke: InstructionResidualConfig {
    var config = InstructionResidualConfig()
    config.pretraining.width = 16
    config.pretraining.layers = 1
    config.pretraining.heads = 2
    config.pretraining.vocabularySize = 320
    config.pretraining.contextLength = 32
    config.pretraining.baseSteps = 20
    config.pretraining.steps = 20
    config.pretraining.validations = 2
    config.pretraining.validationTokens = 256
    config.pretraining.bytesPerPart = 12_000
    config.pretraining.heldOutShare = 0.3
    config.pretraining.streams = streams
    config.instructions.steps = 12
    config.instructions.training.schedule.warmupSteps = 2
    config.instructions.batchSize = 12
    config.instructions.tests = 6
    config.practice.documents = 40
    config.lengths = [10, 20]
    config.scales = [0, 1, 2]
    return config
  }

  /// 0.16M parameters, three seeds.
  static var tiny: InstructionResidualConfig {
    var config = InstructionResidualConfig()
    config.pretraining.seeds = 3
    config.pretraining.width = 64
    config.pretraining.baseSteps = 3000
    config.pretraining.steps = 1000
    config.pretraining.validations = 10
    config.pretraining.streams = streams
    config.instructions.steps = 1200
    config.instructions.training.optimizer.learningRate = 1e-3
    config.instructions.batchSize = 36
    config.instructions.tests = 100
    return config
  }

  /// The paper's: Llama 3 8B and up to a billion new tokens. Its instruct model is a released one; here the tasks stay
  /// synthetic.
  static var full: InstructionResidualConfig {
    var config = InstructionResidualConfig()
    config.pretraining.width = 4096
    config.pretraining.layers = 32
    config.pretraining.heads = 32
    config.pretraining.vocabularySize = 128_000
    config.pretraining.contextLength = 8192
    config.pretraining.batchSize = 128
    config.pretraining.learningRate = 3e-4
    config.pretraining.baseSteps = 1_000_000
    config.pretraining.steps = 1000
    config.pretraining.validations = 10
    config.pretraining.heldOutShare = 0.0001
    config.pretraining.validationTokens = 1 << 20
    config.pretraining.streams = [TextStream("general", TextPart("web")), TextStream("new", TextPart("new"))]
    config.lengths = [100, 500, 1000]
    config.instructions.training.optimizer.learningRate = 1e-5
    return config
  }

  /// The English manual and scripture; the French and the Spanish manual.
  private static var streams: [TextStream] {
    [
      TextStream("general", TextPart("manual-en"), TextPart("scripture")),
      TextStream("new", TextPart("manual-fr"), TextPart("manual-es")),
    ]
  }
}
