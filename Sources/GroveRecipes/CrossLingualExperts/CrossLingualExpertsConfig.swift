import GroveCluster
public import GroveCore

/// What the recipe `x-elm` trains and measures.
public struct CrossLingualExpertsConfig: Config {
  /// Model, texts and tokens. A stream is called by the ISO 639-1 code of its language.
  public var training = ExpertTrainingConfig()
  /// How clusters of documents are found.
  public var clustering = ClusterSettings()
  /// The languages that dense models and experts read.
  public var languages: [String] = []
  /// A language that none of them has read, to adapt to.
  public var added = ""
  /// Groups of languages, clusters of documents and random clusters, each.
  public var clusters = 3

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training") + clustering.issues().under("clustering")
    issues += training.issues("languages", naming: languages) + training.issues("added", naming: [added])
    if languages.contains(added) { issues.append(ConfigIssue("added", "'\(added)' is among the languages")) }
    if Set(languages).count != languages.count { issues.append(ConfigIssue("languages", "one is named twice")) }
    let unknown = (languages + [added]).filter { !FeatureTable.syntax.names.contains($0) }
    if !unknown.isEmpty {
      issues.append(
        ConfigIssue("languages", "no features are known of \(unknown.map { "'\($0)'" }.joined(separator: ", "))"))
    }
    if !(2...max(languages.count, 2)).contains(clusters) {
      issues.append(ConfigIssue("clusters", "\(clusters) is outside 2...\(languages.count), the number of languages"))
    }
    if training.seedShare == 0 { issues.append(ConfigIssue("training.seedShare", "0 leaves no seed to branch from")) }
    return issues
  }

  /// The tree of all languages, the added one too.
  var tree: LanguageTree {
    get throws { try LanguageTree(.syntax, languages: languages + [added]) }
  }

  /// The groups of the languages that are trained on, in the order of their experts.
  var groups: [[String]] {
    get throws { try LanguageTree(.syntax, languages: languages).groups(clusters, .paired) }
  }
}

extension CrossLingualExpertsConfig {
  /// A few seconds.
  static var smoke: CrossLingualExpertsConfig {
    var config = CrossLingualExpertsConfig()
    config.training = BranchTrainMergeConfig.smoke.training
    config.training.streams = manuals("de", "en", "es", "fr")
    config.clustering.dimensions = 20
    config.languages = ["de", "en", "es"]
    config.added = "fr"
    config.clusters = 2
    return config
  }

  /// 0.4M parameters, 1.5M tokens, three seeds; a manual in five languages, and French to adapt to.
  static var tiny: CrossLingualExpertsConfig {
    var config = CrossLingualExpertsConfig()
    config.training.seeds = 3
    config.training.streams = manuals("de", "en", "es", "fr", "ko", "ru")
    config.languages = ["de", "en", "es", "ko", "ru"]
    config.added = "fr"
    return config
  }

  /// The paper's: XGLM-1.7B's shape on mC4 in sixteen languages, 21 billion tokens, and one of its languages to adapt to.
  /// Its experts branch from a model that was trained before; ours from half of these steps.
  static var full: CrossLingualExpertsConfig {
    var config = CrossLingualExpertsConfig()
    let languages = [
      "ar", "bg", "de", "el", "en", "es", "fr", "hi", "ja", "ko", "ru", "sv", "tr", "uk", "vi", "zh",
    ]
    config.training.width = 2048
    config.training.layers = 24
    config.training.heads = 16
    config.training.vocabularySize = 256_008
    config.training.contextLength = 2048
    config.training.steps = 10_000
    config.training.batchSize = 1024
    config.training.expertBatchSize = 128
    config.training.learningRate = 1e-4
    config.training.warmupSteps = 0
    config.training.heldOutShare = 0.0001
    config.training.developmentTokens = 1 << 17
    config.training.streams = (languages + ["nl"]).map { TextStream($0, TextPart($0)) }
    config.clustering.pieceBytes = 0
    config.languages = languages
    config.added = "nl"
    config.clusters = 4
    return config
  }

  /// A manual in some languages: "de" from the file manual-de.
  private static func manuals(_ languages: String...) -> [TextStream] {
    languages.map { TextStream($0, TextPart("manual-\($0)")) }
  }
}
