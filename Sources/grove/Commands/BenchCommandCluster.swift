import ArgumentParser
import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveReport
import GroveTrain

struct BenchClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Measure the search for domains: from words to a projection, or the whole search at a given scale.",
    discussion: """
      --documents N makes N documents from the word frequencies of the demo corpus and measures 'grove domains find' \
      on them: seconds by part, and memory. --demo measures words and projection on the demo corpus; with --peer, \
      scikit-learn's TfidfVectorizer and TruncatedSVD take turns, and must find as many terms and as much variance.
      """)

  @Option(help: "Synthetic documents to make and to search.") var documents: Int?
  @Flag(help: "Take the documents of the demo corpus.") var demo = false
  @Option(help: "A file of documents to measure words and projection on.") var text: String?
  @Option(help: "Clusters to find with --documents.") var clusters = 16
  @Option(help: "Repeats in each process; 3, or 1 with --quick.") var repeats: Int?
  @Flag(help: "Also measure scikit-learn.") var peer = false
  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard [documents != nil, demo, text != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("give one of --documents, --demo and --text")
    }
    if let documents, documents < clusters {
      throw ValidationError("--documents: \(documents) are fewer than --clusters")
    }
    if let repeats, repeats < 1 { throw ValidationError("--repeats: \(repeats) is below 1") }
    if peer, documents != nil { throw ValidationError("--peer: goes with --demo or --text") }
  }

  private var repeatCount: Int { repeats ?? (options.quick ? 1 : 3) }

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-bench-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    if let documents { return try scale(documents, folder) }
    guard peer else {
      let measured = try measure(demo ? BenchProcess.demoFiles() : [URL(filePath: text ?? "")])
      if options.output.json, options.results == nil { return print(try measured.benchmarkJSON().text) }
      return try show([measured.engine], [[measured]])
    }
    let file = folder.appending(path: "documents.jsonl")
    try gather(demo ? BenchProcess.demoFiles() : [URL(filePath: text ?? "")], into: file)
    let arguments = ["--text", file.path, "--repeats", "\(repeatCount)"]
    let measured: [[ProjectionMeasurement]] = try options.takingTurns([
      ("grove", { try BenchProcess.grove(["bench", "cluster"] + arguments) }),
      ("scikit-learn", { try BenchProcess.peer("clustering.py", arguments) }),
    ])
    try measured[0][0].requireSameResult(as: measured[1][0])
    try show(measured.map { $0[0].engine }, measured)
  }

  /// One file that every engine reads.
  private func gather(_ files: [URL], into file: URL) throws {
    let reader = DocumentReader(
      try CorpusFiles(files), ReadingOptions(domain: .fileName, brokenLines: .fail)
    ) { _ in }
    let writer = try FileWriter(file)
    while let document = try reader.next() {
      let line: JSONValue = [
        "id": .string(document.id), "text": .string(String(decoding: document.text, as: UTF8.self)),
      ]
      try writer.write(line.text + "\n")
    }
    try writer.commit()
  }

  /// Words and projection, with the reading of the files in between.
  private func measure(_ paths: [URL]) throws -> ProjectionMeasurement {
    var config = ClusteringConfig()
    config.clusters = 1
    config.vocabulary = 1_000_000
    let finder = try DomainFinder(config, split: SplitRule(validationShare: 0, seed: 0))
    let files = try CorpusFiles(paths)
    let reading = ReadingOptions(domain: .fileName, brokenLines: .fail)
    let clock = ContinuousClock()
    var seconds: [Double] = []
    var summary: ProjectionSummary?
    for _ in 0..<repeatCount {
      let began = clock.now
      summary = try finder.project(files, reading) { _ in }
      seconds.append((clock.now - began).seconds)
    }
    return ProjectionMeasurement(engine: "grove \(groveVersion)", seconds: seconds, summary: summary)
  }

  private func show(_ names: [String], _ measured: [[ProjectionMeasurement]]) throws {
    let rounds = BenchmarkRounds(
      contestants: names, costs: try measured.map { try $0.map { try Spread($0.seconds).median } })
    let rows = try names.indices.map { index in
      let spread = try Spread(measured[index].flatMap(\.seconds))
      let first = measured[index][0]
      return [
        first.engine, NumberText.fixed(spread.median, 3),
        "\(NumberText.fixed(spread.lower, 3))–\(NumberText.fixed(spread.upper, 3))", NumberText.grouped(first.terms),
        NumberText.fixed(first.variance, 3), try index == 0 ? "" : rounds.ratio(index).text(2),
      ]
    }
    let lists = try measured.map { runs in JSONValue.array(try runs.map { try $0.benchmarkJSON() }) }
    let documents = measured[0][0].documents
    try options.show(
      BenchmarkReport(
        name: "cluster/tfidf-svd100/float32/documents\(documents)",
        command: "grove bench cluster \(demo ? "--demo" : "--text \(text ?? "")")\(peer ? " --peer" : "")",
        columns: ["engine", "seconds", "p10–p90", "terms", "Σσ²", "times Grove's (min–max)"], rows: rows,
        measurements: ["rounds": .object(zip(names, lists).map { ($0, $1) })]))
  }

  // MARK: Scale

  private func scale(_ count: Int, _ folder: URL) throws {
    let reading = ReadingOptions(domain: .fileName, brokenLines: .fail)
    let file = folder.appending(path: "synthetic.jsonl")
    let corpus = try SyntheticCorpus(like: CorpusFiles(BenchProcess.demoFiles()), reading)
    try corpus.write(documents: count, key: RandomKey(seed: 1), to: file)
    var config = ClusteringConfig()
    config.clusters = clusters
    let watch = PhaseWatch()
    let found = try DomainFinder(config, split: SplitRule(validationShare: 0.01, seed: 0))
      .find(CorpusFiles([file]), reading) { watch.note($0) }
    let phases = watch.finish()
    let bytes = try FileSystem.byteCount(of: file)
    let learned = found.clusterer.origin.learnedDocuments
    var row = [NumberText.grouped(count), NumberText.bytes(bytes), NumberText.grouped(learned)]
    row += phases.map { NumberText.fixed($0.seconds, 2) }
    row += [NumberText.fixed(phases.reduce(0) { $0 + $1.seconds }, 2), NumberText.bytes(ResidentMemory.peakBytes)]
    try options.show(
      BenchmarkReport(
        name: "cluster/find/documents\(count)/clusters\(clusters)",
        command: "grove bench cluster --documents \(count)",
        columns: ["documents", "text", "learned from"] + phases.map { "\($0.name), s" } + ["all, s", "peak memory"],
        rows: [row],
        measurements: [
          "seconds": .object(phases.map { ($0.name, .number($0.seconds)) }),
          "peakBytes": .integer(ResidentMemory.peakBytes), "passes": .integer(config.passes),
          "iterations": .integer(found.summary.learning.costs.count), "textBytes": .integer(bytes),
        ]))
  }
}

/// What one process measured: Grove's or scikit-learn's, in the same JSON.
private struct ProjectionMeasurement: Codable {
  let engine: String
  /// Wall time of each repeat.
  let seconds: [Double]
  let documents: Int
  let terms: Int
  /// Entries of the matrix that are not 0.
  let weights: Int
  /// The sum of squared singular values: what the projection keeps of the squared length of all rows.
  let variance: Double

  init(engine: String, seconds: [Double], summary: ProjectionSummary?) {
    self.engine = engine
    self.seconds = seconds
    documents = summary?.documents ?? 0
    terms = summary?.terms ?? 0
    weights = summary?.weights ?? 0
    variance = summary?.singularValues.reduce(0) { $0 + $1 * $1 } ?? 0
  }

  /// A faster way to less is no result.
  func requireSameResult(as peer: ProjectionMeasurement) throws {
    guard terms == peer.terms, weights == peer.weights, variance >= peer.variance * 0.999 else {
      throw GroveError(
        .mismatch, peer.engine,
        "gives another projection: \(peer.terms) terms, \(peer.weights) weights, variance \(peer.variance); "
          + "\(engine) \(terms), \(weights), \(variance)")
    }
  }
}

/// Wall time between the events of a search.
private final class PhaseWatch {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  private var phases: [(name: String, seconds: Double)] = []

  init() { last = clock.now }

  func note(_ event: ClusteringEvent) {
    switch event {
    case .counted: add("count words")
    case .vectorized: add("make rows")
    case .projected: add("project")
    case .moved: add("move centres")
    case .problem: break
    }
  }

  func finish() -> [(name: String, seconds: Double)] {
    add("summarise")
    return phases
  }

  private func add(_ name: String) {
    let now = clock.now
    if phases.last?.name != name { phases.append((name, 0)) }
    phases[phases.count - 1].seconds += (now - last).seconds
    last = now
  }
}
