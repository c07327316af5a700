import ArgumentParser
import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveForest
import GroveJobs
import GroveReport

struct ForestAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add an expert for a new domain; the others stay as they are, to the byte.",
    discussion: """
      The new expert branches from the seed, from an expert, or from an average of the experts: uniform, weighted, or \
      weighted by how well each predicts the new domain (posterior). nearest:LANGUAGE takes the expert whose language is \
      the nearest by typology ('grove domains tree' shows the tree). The same command goes on with one that was stopped.
      """)

  @OptionGroup var place: ForestOption
  @Argument(help: "What the expert is called.") var name: String
  @Option(help: "A folder of shards of the new domain, made with the forest's tokenizer.") var data: String
  @Option(help: "The domain in those shards; without it, the expert's name.") var domain: String?
  @Option(help: "posterior, argmax, uniform, seed, expert:NAME, nearest:LANGUAGE, or weights:NAME=W,NAME=W,…")
  var from = "posterior"
  @Option(help: "For nearest: EXPERT=LANGUAGE+LANGUAGE,… of experts that are not named like their language.")
  var languages: String?
  @Option(help: "For nearest: CSV of features of languages of your own.") var features: String?
  @Option(help: "Steps of the expert; the median of the others' without it.") var steps: Int?
  @OptionGroup var jobs: ExecutorOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let steps, steps < 1 { throw ValidationError("--steps: \(steps) is not positive") }
    if case .nearest = try origin() { return _ = try spoken() }
    for (name, value) in [("languages", languages), ("features", features)] where value != nil {
      throw ValidationError("--\(name): only --from nearest:LANGUAGE reads it")
    }
  }

  func run() throws {
    StopSignals.install()
    let view = JobsView(quiet: output.quiet)
    let addition = ForestAddition(
      to: place.forest, name: name, data: URL(filePath: data), domain: domain ?? name,
      origin: try resolved(origin(), view), steps: steps)
    defer { view.end() }
    let result = try addition(
      executor: jobs.executor(place.forest), shouldStop: { StopSignals.isRequested }, onEvent: view.receive)
    view.end()
    try ForestGrowCommand.show(result, place.forest, output)
  }

  /// What `--from` says.
  private enum Origin {
    case given(ForestAddition.Origin)
    case nearest(to: String)
  }

  private func origin() throws -> Origin {
    let parts = from.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.first, parts.count) {
    case ("posterior", 1): return .given(.average(.posterior))
    case ("uniform", 1): return .given(.average(.uniform))
    case ("argmax", 1): return .given(.average(.argmax))
    case ("seed", 1): return .given(.seed)
    case ("expert", 2): return .given(.expert(parts[1]))
    case ("nearest", 2): return .nearest(to: parts[1])
    case ("weights", 2):
      return .given(.average(.given(try NamedNumbers.parse(parts[1], option: "--from"))))
    default:
      throw ValidationError(
        "--from: '\(from)' is not posterior, argmax, uniform, seed, expert:NAME, nearest:LANGUAGE or weights:NAME=W,…")
    }
  }

  private func resolved(_ origin: Origin, _ view: JobsView) throws -> ForestAddition.Origin {
    switch origin {
    case .given(let origin): return origin
    case .nearest(let language):
      let table = try features.map { try FeatureTable(csv: URL(filePath: $0)) } ?? .syntax
      let relative = try ForestManifest(place.forest)
        .relative(of: language, languages: spoken(), table: table, in: place.forest)
      view.note(
        "\(name) begins from \(relative.expert): \(relative.language) joins \(language) at "
          + NumberText.fixed(relative.distance, 4))
      return .expert(relative.expert)
    }
  }

  /// The languages of experts that `--languages` gives.
  private func spoken() throws -> [String: [String]] {
    var spoken: [String: [String]] = [:]
    for part in (languages ?? "").split(separator: ",") {
      guard let split = part.lastIndex(of: "="), split > part.startIndex else {
        throw ValidationError("--languages: '\(part)' is not EXPERT=LANGUAGE+LANGUAGE")
      }
      spoken[String(part[..<split])] = part[part.index(after: split)...].split(separator: "+").map(String.init)
    }
    return spoken
  }
}

struct ForestAverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average", abstract: "Collapse a forest into one model: the average of its experts' parameters.")

  @OptionGroup var place: ForestOption
  @Option(help: "Folder to make.") var out: String
  @Option(help: "uniform, posterior or argmax on the documents of --data, or NAME=W,NAME=W,… for given weights.")
  var weights = "uniform"
  @Option(help: "A folder of shards: the posterior is of the first 100 documents of its training side.") var data:
    String?
  @Option(help: "The domain in those shards; without it, of all.") var domain: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    let needsData = try [.posterior, .argmax].contains(chosen())
    if needsData, data == nil {
      throw ValidationError("--data: --weights \(weights) is estimated on documents; name a folder of shards")
    }
    if !needsData, data != nil || domain != nil {
      throw ValidationError("--data: --weights \(weights) reads no documents")
    }
  }

  func run() throws {
    let manifest = try ForestManifest(place.forest)
    let parents = try place.forest.parents(chosen(), of: manifest) { limit in
      let choice: DomainChoice = domain.map { .only([$0]) } ?? .all
      let shards = try TokenDataset(
        folder: URL(filePath: data ?? ""), split: .train, domains: choice, contextLength: 1)
      try shards.requireTokenizer(manifest.tokenizerFingerprint, of: "the forest")
      // Of all domains alike.
      let share = max(1, limit / shards.domains.count)
      return try shards.domains.indices.prefix(limit).flatMap { domain in
        try (0..<min(share, shards.domains[domain].documents)).map { try shards.document($0, domain: domain) }
      }
    }
    try place.forest.average(parents, of: manifest, to: URL(filePath: out))
    output.show(
      "\(out): the average of \(ForestText.parents(parents))",
      json: ["model": .string(out), "weights": .object(parents.map { ($0.name, .number($0.weight)) })])
  }

  private func chosen() throws -> ForestWeights {
    switch weights {
    case "uniform": .uniform
    case "posterior": .posterior
    case "argmax": .argmax
    default: .given(try NamedNumbers.parse(weights, option: "--weights"))
    }
  }
}

/// "NAME=1,OTHER=0.5".
enum NamedNumbers {
  static func parse(_ text: String, option: String) throws -> [String: Double] {
    var numbers: [String: Double] = [:]
    for part in text.split(separator: ",") {
      guard let split = part.lastIndex(of: "="), let number = Double(part[part.index(after: split)...]) else {
        throw ValidationError("\(option): '\(part)' is not NAME=NUMBER")
      }
      numbers[String(part[..<split])] = number
    }
    if numbers.isEmpty { throw ValidationError("\(option): '\(text)' names no weight") }
    return numbers
  }
}
