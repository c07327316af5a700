import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveForest
import GroveModel
import GroveReport
import GroveTokenizer
import GroveTrain

struct ForestEvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Compare a forest, in several ways of use, with the dense model and others on held-out documents.",
    discussion: """
      Modes are \(ForestMode.Weights.allCases.map(\.rawValue).joined(separator: ", ")); each with @K keeps the K best \
      experts at every token. Differences are paired over documents, with 95% intervals. Writes report.html into the forest.
      """)

  @OptionGroup var place: ForestOption
  @Option(help: "A folder of shards: its held-out side is taken. Without it the forest's own data.") var data: String?
  @Option(help: "Ways to use the forest, separated by commas.") var modes = "posterior,posterior@1,oracle,uniform"
  @Option(help: "NAME=FOLDER of another model to compare with; may be given several times.") var model: [String] = []
  @Option(
    help: "NAME=FOREST to compare with in the first mode, grown on random clusters, say; may be given several times.")
  var control: [String] = []
  @Option(help: "What the others are compared with: a mode or a model. 'dense' if there is one, else the first.")
  var against: String?
  @Option(help: "T of weights by distance.") var distanceTemperature = 0.1
  @Option(help: "Held-out tokens of each domain, whole documents; 0 takes all.") var tokensPerDomain = 0
  @Option(help: "Draw the weights along this document; may be given several times.") var trace: [String] = []
  @OptionGroup var use: ForestUseOptions
  @Option(help: "File of the report; report.html in the forest without it.") var report: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if modes.allSatisfy({ $0 == "," }) { throw ValidationError("--modes: names no way to use the forest") }
    if tokensPerDomain < 0 { throw ValidationError("--tokens-per-domain: \(tokensPerDomain) is negative") }
    _ = try named(model, "--model") + named(control, "--control")
  }

  func run() throws {
    let modes = try modes.split(separator: ",").map { try ForestMode(parsing: String($0)) }
    let forest = try use.open(place.forest)
    let folder = URL(filePath: try data ?? ForestConfig.load(place.forest.config).data.folder)
    var judge = try ForestJudge(forest.manifest, pool: forest.pool, distances: forest.distances)
    judge.temperature = distanceTemperature
    let held = try documents(folder, .validation, forest.pool.tokenizer, limit: tokensPerDomain)
    let needsPriors = modes.contains { $0.weights == .cached }
    let development = try needsPriors ? documents(folder, .train, forest.pool.tokenizer, limit: 100_000) : []
    let progress = ProgressView(quiet: output.quiet)
    let contenders = try contenders(forest.manifest, controlled: modes[0])
    let judgement = try judge.judge(
      held, development: Dictionary(grouping: development, by: \.domain), modes: modes, contenders: contenders,
      tracing: Set(trace)
    ) { event in
      switch event {
      case .began(let name):
        progress.end()
        progress.begin(name, total: held.reduce(0) { $0 + $1.tokens.count }, unit: "tokens")
      case .progress(let done, _): progress.update(done)
      }
    }
    progress.end()
    try show(judgement, forest)
  }

  /// Documents of one side, of each domain the first ones up to so many tokens.
  private func documents(
    _ folder: URL, _ split: Split, _ tokenizer: Tokenizer, limit: Int
  ) throws -> [TokenizedDocument] {
    let dataset = try TokenDataset(folder: folder, split: split, domains: .all, contextLength: 1)
    try dataset.requireTokenizer(tokenizer.fingerprint, of: "the forest")
    return try dataset.domains.indices.flatMap { domain in
      var found: [TokenizedDocument] = []
      var tokens = 0
      for index in 0..<dataset.domains[domain].documents where limit == 0 || tokens < limit {
        found.append(try dataset.document(index, domain: domain))
        tokens += found[found.count - 1].tokens.count
      }
      return found
    }
  }

  private func named(_ entries: [String], _ option: String) throws -> [(name: String, folder: URL)] {
    try entries.map { entry in
      let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw ValidationError("\(option): '\(entry)' is not NAME=FOLDER") }
      return (name: parts[0], folder: URL(filePath: parts[1]))
    }
  }

  private func contenders(_ manifest: ForestManifest, controlled mode: ForestMode) throws -> [ForestContender] {
    var contenders: [ForestContender] = []
    for member in [manifest.dense, manifest.seed].compactMap({ $0 }) {
      contenders.append(
        ForestContender(
          member.name, model: member.checkpoint(in: place.forest), trainingTokens: member.trainingTokens))
    }
    for (name, folder) in try named(model, "--model") {
      contenders.append(ForestContender(name, model: folder, trainingTokens: nil))
    }
    for (name, folder) in try named(control, "--control") {
      contenders.append(ForestContender(name, forest: try use.open(ForestFolder(folder)), mode: mode))
    }
    return contenders
  }

  private func show(_ judgement: ForestJudgement, _ forest: ForestUse) throws {
    let names = judgement.entries.map(\.name)
    let against = against ?? (names.contains("dense") ? "dense" : names[0])
    let page = try ForestReport(forest, judgement, against: against)
      .page(title: "Forest \(place.forest.name)")
    let file = report.map { URL(filePath: $0) } ?? place.forest.report
    try page.write(to: file)
    let reference = try judgement.entry(against)
    var table = TextTable(
      ("model", .left), ("bits/byte", .right), ("less \(against)", .right), ("95% interval", .left),
      ("training tokens", .right), ("passes a token", .right), ("weights", .right))
    var list: [JSONValue] = []
    for entry in judgement.entries {
      let difference = try judgement.difference(entry, to: reference)
      let isReference = entry.name == against
      table.add(
        entry.name, NumberText.fixed(entry.summary.meanOverDomains, 4),
        isReference ? "–" : NumberText.fixed(difference.mean.estimate, 4),
        isReference ? "" : NumberText.interval(difference.mean, 4),
        entry.trainingTokens.map { NumberText.short($0) } ?? "–", NumberText.fixed(entry.passesPerToken, 2),
        NumberText.bytes(entry.weightBytes))
      list.append(ForestText.json(entry, difference, judgement))
    }
    output.show(
      "\(table.text)\nmeans over \(reference.summary.domains.count) domains of held-out documents\n"
        + "report  \(file.relativePath)",
      json: [
        "against": .string(against), "entries": .array(list), "forestSeconds": .number(judgement.forestSeconds),
        "report": .string(file.relativePath),
      ])
  }
}

/// How a forest is opened for use.
struct ForestUseOptions: ParsableArguments {
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @Option(help: "Experts in memory at once; 0 for no limit.") var residentExperts = 0
  @OptionGroup var hardware: DeviceOption

  func validate() throws {
    if residentExperts < 0 { throw ValidationError("--resident-experts: \(residentExperts) is negative") }
  }

  func open(_ folder: ForestFolder) throws -> ForestUse {
    try ForestUse(
      folder, precision: precision, device: hardware.device,
      limit: residentExperts > 0 ? .experts(residentExperts) : .none)
  }
}
