public import GroveCore
import GroveModel

/// What the recipe `bloom` trains and measures.
public struct BloomConfig: Config {
  /// The model with ALiBi and a norm behind the vectors of tokens, its texts, a stream a language, and its training.
  public var training = ComparisonConfig()
  /// Positions of the windows in which models are also judged, beyond those that are trained.
  public var judgedLength = 512
  /// Rates at which models with and without the norm behind the vectors of tokens are trained, rising.
  public var rates = [1e-2, 3e-2, 1e-1]
  /// Trainings at each of these rates.
  public var rateSeeds = 5
  /// Steps of each of them.
  public var rateSteps = 60
  /// Ids of the tokenizers that are compared.
  public var tokenizerSize = 4096
  /// How the model is tuned to prompts, and on how many questions of each kind it is judged.
  public var instructions = InstructionConfig()
  /// Languages of the prompts that are tuned to.
  public var taughtLanguages: [TemplatedTask.Language] = [.en, .de, .es]
  /// Languages whose prompts are only judged.
  public var absentLanguages: [TemplatedTask.Language] = [.fr, .ru]
  /// Tasks that are only judged.
  public var heldOutTasks: [InstructionTask] = [.last, .quote, .double]

  public init() {
    training.model.positions.kind = .alibi
    (training.model.norm.kind, training.model.norm.embedding) = (.layer, .yes)
    (training.model.feedForward.form, training.model.feedForward.activation) = (.plain, .geluTanh)
    (training.model.feedForward.bias, training.model.attention.bias) = (.yes, .all)
    training.model.feedForwardWidth = 256
  }

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training") + instructions.issues().under("instructions")
    let trained = training.model.contextLength
    if judgedLength <= trained {
      issues.append(
        ConfigIssue("judgedLength", "\(judgedLength) is not beyond training.model.contextLength \(trained)"))
    }
    if rates.isEmpty || !rates.allSatisfy({ $0 > 0 && $0.isFinite }) || !zip(rates, rates.dropFirst()).allSatisfy(<) {
      issues.append(ConfigIssue("rates", "\(rates) are not rising rates"))
    }
    issues += ConfigIssue.notPositive(["rateSeeds": rateSeeds])
    if rateSteps < 10 || rateSteps <= training.warmupSteps {
      let least = max(10, training.warmupSteps + 1)
      issues.append(ConfigIssue("rateSteps", "\(rateSteps) is below \(least): longer than the warm-up, and ten steps"))
    }
    if tokenizerSize < 257 { issues.append(ConfigIssue("tokenizerSize", "\(tokenizerSize) is below 257")) }
    if taughtLanguages.isEmpty || absentLanguages.isEmpty || !Set(taughtLanguages).isDisjoint(with: absentLanguages) {
      issues.append(ConfigIssue("absentLanguages", "some are needed here and in taughtLanguages, and none in both"))
    }
    return issues + taskIssues()
  }

  private func taskIssues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if heldOutTasks.isEmpty || taughtTasks.count < 6 {
      issues.append(ConfigIssue("heldOutTasks", "one is needed, and six others to be taught"))
    }
    if heldOutTasks.contains(.count) {
      issues.append(ConfigIssue("heldOutTasks", "lists of one length have one count: there is nothing to choose"))
    }
    let (positions, norm) = (training.model.positions.kind, training.model.norm.embedding)
    if positions != .alibi {
      issues.append(
        ConfigIssue("training.model.positions.kind", "\(positions.rawValue) is not alibi, which the first arm has"))
    }
    if norm != .yes {
      issues.append(
        ConfigIssue("training.model.norm.embedding", "\(norm.rawValue) leaves out the norm that the first arm has"))
    }
    return issues
  }
}

extension BloomConfig {
  /// Tasks that are tuned to.
  var taughtTasks: [InstructionTask] { InstructionTask.allCases.filter { !heldOutTasks.contains($0) } }

  /// What is tuned to.
  var taught: [TemplatedTask] { TemplatedTask.all(taughtTasks, in: taughtLanguages) }

  /// Tasks that no tuning sees, in the languages that it sees.
  var heldOut: [TemplatedTask] { TemplatedTask.all(heldOutTasks, in: taughtLanguages) }

  /// Taught tasks in languages that no tuning sees, but for words that it does see.
  var absent: [TemplatedTask] {
    let seen = Set(taught.map(\.word))
    return TemplatedTask.all(taughtTasks, in: absentLanguages).filter { !seen.contains($0.word) }
  }

  /// A few seconds.
  static var smoke: BloomConfig {
    var config = BloomConfig()
    config.training.shrink(to: "manual-en", as: "en")
    config.training.model.vocabularySize = 400
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (2, 2)
    config.training.streams = ["en", "ru"].map { TextStream($0, TextPart("manual-\($0)")) }
    config.training.bytesPerPart = 20_000
    config.judgedLength = 64
    (config.rates, config.rateSeeds, config.rateSteps) = ([1e-2], 1, 10)
    config.tokenizerSize = 400
    (config.instructions.steps, config.instructions.batchSize, config.instructions.tests) = (4, 12, 4)
    config.instructions.training.schedule.warmupSteps = 1
    return config
  }

  /// 0.17M parameters, 1.2 million tokens of a manual in six languages and of programs, three seeds.
  static var tiny: BloomConfig {
    var config = BloomConfig()
    config.training.seeds = 3
    config.training.model.vocabularySize = 1024
    config.training.steps = 600
    config.training.batchSize = 16
    config.training.heldOutShare = 0.04
    config.training.streams =
      ["de", "en", "es", "fr", "ko", "ru"].map { TextStream($0, TextPart("manual-\($0)")) }
      + [TextStream("python", TextPart("python"))]
    config.instructions.steps = 600
    config.instructions.training.optimizer.learningRate = 4e-3
    config.instructions.batchSize = 54
    config.instructions.tests = 50
    return config
  }

  /// BLOOM-1B1: 24 layers of width 1,536 on 341 billion tokens of 2,048.
  static var full: BloomConfig {
    var config = BloomConfig()
    config.training.model.vocabularySize = 250_680
    config.training.model.contextLength = 2048
    config.training.model.width = 1536
    config.training.model.layers = 24
    config.training.model.feedForwardWidth = 6144
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (16, 16)
    config.training.steps = 650_000
    config.training.batchSize = 256
    config.training.learningRate = 2.5e-4
    config.training.warmupSteps = 700
    config.training.heldOutShare = 0.001
    config.training.streams = ["de", "en", "es", "fr", "ko", "ru", "python"].map { TextStream($0, TextPart($0)) }
    config.judgedLength = 8192
    (config.rates, config.rateSteps) = ([1e-3, 3e-3, 1e-2], 2000)
    config.tokenizerSize = 30_000
    config.instructions.steps = 10_000
    config.instructions.training.optimizer.learningRate = 2e-5
    return config
  }
}
