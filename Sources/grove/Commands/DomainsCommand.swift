import ArgumentParser
import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveReport

struct DomainsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "domains", abstract: "Find the domains of a corpus without labels, and give documents their domain.",
    subcommands: [DomainsFindCommand.self, DomainsAssignCommand.self, DomainsShowCommand.self, DomainsTreeCommand.self])

  /// The clusters as a table, with the agreement where there are labels.
  static func describe(_ summary: DomainSummary) -> String {
    var table = TextTable(
      ("cluster", .right), ("training", .right), ("documents", .right), ("bytes", .right), ("labels", .left),
      ("top terms", .left))
    for (index, cluster) in summary.clusters.enumerated() {
      let labels = zip(summary.labels, cluster.labels).filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
      table.add(
        "\(index)", "\(cluster.trainingPieces)", "\(cluster.documents)", NumberText.bytes(cluster.bytes),
        labels.prefix(2).map { "\($0.0) \($0.1)" }.joined(separator: ", ") + (labels.count > 2 ? ", …" : ""),
        cluster.topTerms.prefix(6).joined(separator: " "))
    }
    var lines = [table.text]
    if let agreement = summary.agreement {
      lines.append(
        "purity \(NumberText.fixed(agreement.purity, 3)), "
          + "NMI \(NumberText.fixed(agreement.normalizedMutualInformation, 3)) with the labels, "
          + "which the search did not see"
      )
    }
    let learning = summary.learning
    if learning.reseeded > 0 { lines.append("\(learning.reseeded) clusters lost all documents and began anew") }
    if learning.documentsWithoutTerms > 0 {
      lines.append("\(learning.documentsWithoutTerms) documents without a known word were not learned from")
    }
    return lines.joined(separator: "\n")
  }
}

struct DomainsFindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Cluster the training documents of a corpus by their words.",
    discussion: """
      Words are weighted by tf-idf, projected to a few dimensions and divided by k-means. Writes clusterer.json and \
      clusterer.safetensors, which find the cluster of any text, domains.json and report.html. Labels of the documents \
      (--domain) are compared with the result and have no part in it.
      """)

  @OptionGroup var corpus: CorpusOptions
  @OptionGroup var split: SplitOptions
  @Option(help: "Clusters to find.") var clusters: Int
  @Option(help: "Folder to make.") var out: String?
  @Option(help: "balanced (equal sizes), plain, or random (the control).") var method = ClusteringMethod.balanced
  @Option(help: "Of every draw.") var seed = 0
  @Option(help: "Numbers in a document's vector.") var dimensions = ClusteringConfig().dimensions
  @Option(help: "The most frequent terms that count.") var vocabulary = ClusteringConfig().vocabulary
  @Option(help: "Documents to learn from, drawn by their ids; all are counted.")
  var learnedDocuments = ClusteringConfig().learnedDocuments
  @Option(help: "Cut longer texts into pieces of about these bytes to learn from; 0 for whole documents.")
  var pieceBytes = ClusteringConfig().pieceBytes
  @OptionGroup var embedding: EmbeddingOptions
  @Flag(help: "Print what would be done; read nothing but the list of files.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if out == nil, !dryRun { throw ValidationError("--out: missing; only --dry-run needs none") }
  }

  private var config: ClusteringConfig {
    var config = ClusteringConfig()
    config.clusters = clusters
    config.method = method
    config.seed = seed
    config.dimensions = dimensions
    config.vocabulary = vocabulary
    config.countedTerms = max(config.countedTerms, vocabulary)
    config.learnedDocuments = learnedDocuments
    config.pieceBytes = pieceBytes
    config.batchSize = max(config.batchSize, clusters)
    return config
  }

  func run() throws {
    let finder = try DomainFinder(config, split: split.rule())
    let files = try corpus.files()
    if dryRun { return try plan(files) }
    let folder = URL(filePath: out ?? "")
    try FoundDomains.requireFree(folder)
    let progress = ProgressView(quiet: output.quiet)
    let found = try finder.find(files, corpus.readingOptions(), embedding: embedding.table()) {
      DomainsFindCommand.show($0, progress)
    }
    try found.write(to: folder)
    progress.end()
    try output.show(
      "\(DomainsCommand.describe(found.summary))\nclusterer \(out ?? "")\nreport    \(out ?? "")/report.html",
      json: try DomainsShowCommand.json(found.clusterer, found.summary))
  }

  private func plan(_ files: CorpusFiles) throws {
    let bytes = try files.files.reduce(0) { $0 + (try FileSystem.byteCount(of: $1.url)) }
    let memory = config.memoryBytes
    try output.show(
      "\(files.files.count) files, \(NumberText.bytes(bytes)) packed, read twice\n"
        + "memory at most about \(NumberText.bytes(memory)) with documents of 500 different words\n\(config.yaml())",
      json: [
        "files": .integer(files.files.count), "packedBytes": .integer(bytes), "memoryBytes": .integer(memory),
      ])
  }

  private static func show(_ event: ClusteringEvent, _ progress: ProgressView) {
    switch event {
    case .counted(let documents, let bytes):
      progress.status("words of \(documents) documents, \(NumberText.bytes(bytes))")
    case .vectorized(let documents): progress.status("vectors of \(documents) documents")
    case .projected(let pass, let passes): progress.status("projection: pass \(pass) of \(passes)")
    case .moved(let iteration, let iterations, let cost):
      progress.status("centres: pass \(iteration) of at most \(iterations), cost \(NumberText.short(cost))")
    case .problem(let problem): progress.note("\(problem)")
    }
  }
}

struct DomainsAssignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign",
    abstract: "Give every document its cluster: one file a cluster, which 'grove shard build' makes shards of.",
    discussion: """
      --out NAME.jsonl.zst writes only the list of ids with their clusters. --out FOLDER writes that list as \
      assignment.jsonl.zst and the documents as documents/cluster-NN.jsonl.zst. Ids stay, so that the same documents \
      are held out; the domain that a document had becomes its field 'label'. With --embedding, vectors decide, and the \
      words of a document that has none.
      """)

  @Argument(help: "A folder that 'grove domains find' made.") var clusterer: String
  @OptionGroup var corpus: CorpusOptions
  @Option(help: "FILE.jsonl.zst, or a folder to make.") var out: String
  @OptionGroup var embedding: EmbeddingOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let clusterer = try Clusterer(contentsOf: URL(filePath: self.clusterer))
    let progress = ProgressView(quiet: output.quiet)
    let target = URL(filePath: out)
    let assigner = ClusterAssigner(clusterer, known: try known())
    let result = try assigner.assign(
      corpus.files(), corpus.readingOptions(), to: out.hasSuffix(".jsonl.zst") ? .file(target) : .folder(target)
    ) {
      progress.note("\($0)")
    } onProgress: { documents, bytes in
      progress.status("\(documents) documents, \(NumberText.bytes(bytes))")
    }
    progress.end()
    var table = TextTable(("cluster", .left), ("documents", .right), ("bytes", .right))
    for cluster in result.documents.indices {
      table.add(assigner.name(of: cluster), "\(result.documents[cluster])", "\(result.bytes[cluster])")
    }
    output.show(
      "\(table.text)\n\(result.problems) broken lines",
      json: [
        "clusterer": .string(clusterer.fingerprint), "brokenLines": .integer(result.problems),
        "documents": .array(result.documents.map { .integer($0) }), "bytes": .array(result.bytes.map { .integer($0) }),
      ])
  }
}

extension DomainsAssignCommand {
  /// The clusters that an embedding decides.
  private func known() throws -> [String: Int] {
    guard let table = try embedding.table() else { return [:] }
    return try EmbeddingCentres(contentsOf: URL(filePath: clusterer)).clusters(of: table.ids, in: table)
  }
}

/// Vectors that somebody else made.
struct EmbeddingOptions: ParsableArguments {
  @Option(help: "Vectors to divide instead of words: a safetensors file with a matrix [documents, dimensions].")
  var embedding: String?
  @Option(help: "The ids of its rows, one in each line of a text file.") var ids: String?

  func validate() throws {
    if (embedding == nil) != (ids == nil) { throw ValidationError("--embedding and --ids go together") }
  }

  func table() throws -> EmbeddingTable? {
    guard let embedding, let ids else { return nil }
    return try EmbeddingTable(vectors: URL(filePath: embedding), ids: URL(filePath: ids))
  }
}

struct DomainsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the clusters of a folder that 'grove domains find' made.")

  @Argument(help: "A folder that 'grove domains find' made.") var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let url = URL(filePath: folder)
    let clusterer = try Clusterer(contentsOf: url)
    let summary = try DomainSummary(contentsOf: url)
    let origin = clusterer.origin
    var lines = [DomainsCommand.describe(summary)]
    for (index, cluster) in summary.clusters.enumerated() {
      func names(_ tallies: [DomainSummary.Tally]) -> String {
        tallies.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
      }
      lines.append("\ncluster \(index): \(cluster.topTerms.joined(separator: " "))")
      if !cluster.languages.isEmpty { lines.append("  languages \(names(cluster.languages))") }
      if !cluster.sources.isEmpty { lines.append("  sources   \(names(cluster.sources))") }
      for near in cluster.nearest { lines.append("  \(NumberText.fixed(near.squaredDistance, 3))  \(near.id)") }
    }
    lines.append(
      "\n\(origin.method.rawValue), seed \(origin.seed), \(clusterer.termCount) terms, "
        + "\(clusterer.dimensions) dimensions, "
        + "\(origin.learnedDocuments) of \(origin.countedDocuments) documents learned from\n"
        + "fingerprint \(clusterer.fingerprint)")
    try output.show(lines.joined(separator: "\n"), json: DomainsShowCommand.json(clusterer, summary))
  }

  static func json(_ clusterer: Clusterer, _ summary: DomainSummary) throws -> JSONValue {
    [
      "fingerprint": .string(clusterer.fingerprint), "method": .string(clusterer.origin.method.rawValue),
      "terms": .integer(clusterer.termCount), "dimensions": .integer(clusterer.dimensions),
      "summary": try summary.json(),
    ]
  }
}
