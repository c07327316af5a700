public import Foundation
import GroveCluster
import GroveCore
public import GroveCorpus
import GroveForest

/// Experts of clusters that are found without labels, mixed by the distance of the text so far to their centres.
public struct ClusterBranchTrainMergeRecipe: Recipe {
  public init() {}

  public let id = "c-btm"
  public let paper = Paper(
    title: "Scaling Expert Language Models with Unsupervised Domain Discovery", authors: "Gururangan et al.",
    year: 2023,
    arXiv: "2303.14177")
  public let claim =
    "Experts of clusters of a corpus, found by its words, together beat a dense model at equal cost, with two or even one "
    + "of them active a token; experts of random clusters do not, and balance does not hurt."

  public let criteria = [
    Criterion(
      "clusters", .mechanism,
      "Balanced clusters have equally many training pieces, to one; of every division each training document is in exactly "
        + "one cluster; and with its seed phase every forest has trained on as many tokens as each dense model, within 1%."
    ),
    Criterion(
      "beats-dense", .claim,
      "The best two of the clusters' experts by distance, minus the better dense model: bits per byte of all held-out "
        + "documents together; the 95% paired bootstrap interval over documents is below 0 in every seed."),
    Criterion(
      "random-clusters", .claim,
      "The same rule over experts of random clusters minus that over experts of the clusters: above 0 in every seed."),
    Criterion(
      "sparse", .claim,
      "The perplexity a token with the nearest expert alone is at most 1.02 times that with all of them, in every seed."
    ),
    Criterion(
      "balance", .claim,
      "Balanced clusters minus those of plain k-means, best two experts: above 0 in no seed, and the mean over seeds is at "
        + "most 0."),
  ]

  public let differences = [
    "Models of 0.4 million parameters and 1.5 million tokens; four clusters of five kinds of text, whose labels only the "
      + "report knows, not up to 128 clusters of C4 or S2ORC.",
    "The seed is half of the dense run, not a model that was trained on other text; experts go on along its schedule, in "
      + "steps of half as many sequences, and are compared with the better of two dense models with either.",
    "Documents are cut into pieces of 2,048 bytes while centres are sought, since 72 long files of Python weigh little "
      + "among 1,500 documents; an expert reads the whole documents whose nearest centre is its own.",
    "Weights are softmax(−d² / 0.1), as the paper writes them; d⁴, which the released code computes, is reported.",
    "Clusters are found once, for all seeds. Experts of random clusters are weighed by the distances to the means of "
      + "their clusters.",
    "Few-shot tasks are left out: a model of this size solves none.",
  ]

  /// The names of series.
  static let best = "nearest"
  static let two = "nearest two"
  static let all = "all by distance"
  static let fourth = "all by distance, d⁴"
  static let posterior = "all by posterior"

  public func config(_ scale: RecipeScale) -> ClusterBranchTrainMergeConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: ClusterBranchTrainMergeConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  public func plan(_ config: ClusterBranchTrainMergeConfig, at scale: RecipeScale) throws -> RecipePlan {
    let settings = config.training
    return RecipePlan(
      arms: settings.plan(dense: DenseArm.batchSizes(settings))
        + config.divisions.map { settings.plan(experts: $0.name, seedShare: settings.seedShare) },
      notes: scale == .full
        ? ["Give a folder with the file c4 with --corpus."]
        : ["The seed is a checkpoint of the dense run; forests count the tokens of their experts alone."])
  }

  public func measure(_ run: RecipeRun, _ config: ClusterBranchTrainMergeConfig) throws -> RecipeFindings {
    let settings = config.training
    let names = settings.streams.map(\.name)
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), settings)
    try texts.prepare(
      corpus: run.corpus,
      dividing: { made in
        for division in config.divisions { try division.make(names, config.clustering, in: made, split: texts.split) }
      })
    let (made, shards) = (texts.made, texts.made.shards)
    let text = try ExpertText(settings, shards: shards, domains: names)
    let seeds = run.seeds(settings.seeds)
    let dense = try run.records(
      DenseArm.all(settings, domains: names, seedShares: [settings.seedShare]).flatMap { arm in
        seeds.map { arm.job(settings, run, seed: $0, shards: shards, text: text) }
      })
    let forests = try run.records(
      config.divisions.flatMap { division in
        let arm = ExpertArm(name: division.name, domains: division.domains, seedShare: settings.seedShare)
        return seeds.map { seed in
          RecipeRun.Job(arm.name, seed: seed) { place in
            var (figures, judge) = try arm.grow(
              settings, run, seed: seed, shards: shards, text: text, in: place, distances: division.distances(made))
            try judge.judge(rules: { _ in try rules(config, experts: division.clusters) }, into: &figures)
            return figures
          }
        }
      })
    return try ClusterBranchTrainMergeJudgement(
      recipe: self, config: config, divided: divided(config, made),
      records: ExpertRecords(records: dense + forests, documents: text.judged.documents)
    ).findings()
  }

  private func rules(_ config: ClusterBranchTrainMergeConfig, experts: Int) throws -> [ExpertJudge.Rule] {
    typealias Recipe = ClusterBranchTrainMergeRecipe
    return [
      (Recipe.best, try config.clustering.rule(top: 1)), (Recipe.two, try config.clustering.rule(top: min(2, experts))),
      (Recipe.all, try config.clustering.rule()), (Recipe.fourth, try config.clustering.rule(power: .fourth)),
      (Recipe.posterior, try .posterior()),
    ]
  }

  /// What the divisions hold, and how many documents there were to divide.
  private func divided(
    _ config: ClusterBranchTrainMergeConfig, _ made: RecipeTexts
  ) throws -> ClusterBranchTrainMergeJudgement.Divided {
    func documents(_ domains: [String]) throws -> Int {
      try TokenDataset(
        folder: made.shards, split: .train, domains: .only(domains), contextLength: config.training.contextLength
      ).domains.reduce(0) { $0 + $1.documents }
    }
    return ClusterBranchTrainMergeJudgement.Divided(
      documents: try documents(config.training.streams.map(\.name)),
      divisions: try config.divisions.map { ($0, try $0.summary(made), try documents($0.domains)) })
  }
}
