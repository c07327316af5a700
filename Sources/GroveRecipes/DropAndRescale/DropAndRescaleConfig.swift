public import GroveCore

/// What the recipe `dare-merge` trains and measures.
public struct DropAndRescaleConfig: Config {
  /// Texts and schedules of the base and of its continuation; the shape is that of each size.
  public var pretraining = ContinuedPretrainingConfig()
  /// The shapes that are compared, the smallest first; most criteria are about the largest.
  public var sizes = [ModelSize("S", width: 32), ModelSize("L", width: 64)]
  /// The stream of the base.
  public var general = "general"
  /// The stream of the continuation, in another language.
  public var other = "other"
  /// How models are tuned.
  public var instructions = InstructionConfig()
  /// What the base reads of the tasks.
  public var practice = InstructionPracticeConfig()
  /// Each tunes a model of its own. Two and two are merged.
  public var tasks: [InstructionTask] = [.upper, .sort, .double, .count]
  /// Probabilities p of dropping an element.
  public var dropRates = [0.5, 0.9, 0.99]
  /// The probability that the criteria about single models are about; one of `dropRates`.
  public var judgedRate = 0.9
  /// The probability that the criterion about merged models is about; one of `dropRates`.
  public var mergedRate = 0.5
  /// The share of the tuned weights themselves that is dropped for comparison.
  public var weightRate = 0.1
  /// Draws of each random mask; accuracies are means over them.
  public var draws = 3

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = pretraining.issues().under("pretraining") + pretraining.issues(sizes: sizes)
    issues += pretraining.issues("general", naming: [general]) + pretraining.issues("other", naming: [other])
    issues += instructions.issues().under("instructions")
    issues += practice.issues().under("practice") + pretraining.issuesOfPractice()
    if general == other { issues.append(ConfigIssue("other", "is the stream of the base too")) }
    if tasks.count < 2 || tasks.count % 2 != 0 || Set(tasks).count != tasks.count {
      let names = tasks.map(\.rawValue).joined(separator: ", ")
      issues.append(ConfigIssue("tasks", "\(names) are no pairs of different tasks"))
    }
    if !dropRates.allSatisfy({ 0 < $0 && $0 < 1 }) || Set(dropRates).count != dropRates.count {
      issues.append(ConfigIssue("dropRates", "\(dropRates) are not different rates between 0 and 1"))
    }
    for (field, rate) in [("judgedRate", judgedRate), ("mergedRate", mergedRate)] where !dropRates.contains(rate) {
      issues.append(ConfigIssue(field, "\(rate) is not one of \(dropRates)"))
    }
    if !(0 < weightRate && weightRate < 1) {
      issues.append(ConfigIssue("weightRate", "\(weightRate) is outside (0, 1)"))
    }
    issues += ConfigIssue.notPositive(["draws": draws])
    return issues
  }

  /// The tasks that are merged with each other.
  var pairs: [(InstructionTask, InstructionTask)] {
    stride(from: 0, to: tasks.count, by: 2).map { (tasks[$0], tasks[$0 + 1]) }
  }

  var readTasks: InstructionPractice {
    InstructionPractice(config: practice, lists: InstructionLists(instructions), tasks: tasks)
  }

  /// The size that most criteria are about.
  var largest: ModelSize { sizes[sizes.count - 1] }
}

extension DropAndRescaleConfig {
  /// A few seconds.
  static var smoke: DropAndRescaleConfig {
    var config = DropAndRescaleConfig()
    config.pretraining.vocabularySize = 320
    config.pretraining.contextLength = 32
    config.pretraining.baseSteps = 20
    config.pretraining.steps = 10
    config.pretraining.validations = 1
    config.pretraining.validationTokens = 256
    config.pretraining.bytesPerPart = 12_000
    config.pretraining.heldOutShare = 0.3
    config.pretraining.streams = streams
    config.sizes = [ModelSize("S", width: 16, layers: 1, heads: 2)]
    config.instructions.steps = 10
    config.instructions.training.schedule.warmupSteps = 2
    config.instructions.batchSize = 8
    config.instructions.tests = 10
    config.practice.documents = 40
    config.tasks = [.upper, .first]
    config.dropRates = [0.5, 0.9]
    config.draws = 1
    return config
  }

  /// 0.05M and 0.16M parameters, three seeds.
  static var tiny: DropAndRescaleConfig {
    var config = DropAndRescaleConfig()
    config.pretraining.seeds = 3
    config.pretraining.baseSteps = 2000
    config.pretraining.steps = 300
    config.pretraining.validations = 2
    config.pretraining.streams = streams
    config.instructions.steps = 500
    config.instructions.training.optimizer.learningRate = 5e-4
    return config
  }

  /// The paper's: 7 and 13 billion parameters; it tunes to instructions, mathematics and code, with data that Grove does not
  /// have. Here the tasks stay synthetic.
  static var full: DropAndRescaleConfig {
    var config = DropAndRescaleConfig()
    config.pretraining.vocabularySize = 32_000
    config.pretraining.contextLength = 4096
    config.pretraining.batchSize = 1024
    config.pretraining.learningRate = 3e-4
    config.pretraining.baseSteps = 477_000
    config.pretraining.steps = 24_000
    config.pretraining.heldOutShare = 0.0001
    config.pretraining.validationTokens = 1 << 20
    config.pretraining.streams = [TextStream("general", TextPart("web")), TextStream("other", TextPart("other"))]
    config.sizes = [
      ModelSize("7B", width: 4096, layers: 32, heads: 32), ModelSize("13B", width: 5120, layers: 40, heads: 40),
    ]
    config.instructions.training.optimizer.learningRate = 1e-5
    return config
  }

  /// The English manual and scripture; the French manual.
  private static var streams: [TextStream] {
    [
      TextStream("general", TextPart("manual-en"), TextPart("scripture")),
      TextStream("other", TextPart("manual-fr")),
    ]
  }
}
