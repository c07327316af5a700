import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveReport
import GroveTensor
import GroveTokenizer

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Judge models.", subcommands: [EvalPerplexityCommand.self])
}

struct EvalPerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Bits per byte and nats per token per domain, with 95% intervals over documents.")

  @Argument(help: "A folder with config.json, model.safetensors and tokenizer.json, or a .gguf file.") var model: String
  @OptionGroup var source: EvaluationSource
  @Option(help: "Positions of a window; 0 takes the model's context.") var contextLength = 0
  @Option(help: "Tokens that a window adds to the one before; 0 takes the window.") var stride = 0
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @Option(help: "Write the losses of every document to this JSONL file.") var documentsOut: String?
  @OptionGroup var output: OutputOptions

  /// The longest context that a model may have.
  private var longestWindow: Int { 1 << 24 }

  func validate() throws {
    for (name, value) in [("--context-length", contextLength), ("--stride", stride)] where value < 0 {
      throw ValidationError("\(name): \(value) is negative")
    }
    for (name, value) in [("--context-length", contextLength), ("--stride", stride)] where value > longestWindow {
      throw ValidationError("\(name): \(value) is more than \(longestWindow)")
    }
  }

  func run() throws {
    let device = hardware.device
    let folder = URL(filePath: model)
    let model = try ModelFolder.load(folder)
    let tokenizer = try Tokenizer(ofModel: folder)
    let documents = try source.documents(tokenizer)
    try model.prepare(precision, training: false, device: device)
    let length = contextLength > 0 ? contextLength : model.config.contextLength
    let evaluator = try PerplexityEvaluator(
      contextLength: length, stride: stride > 0 ? stride : length, batchTokens: 16 * length,
      endOfText: TokenizerIdentity(tokenizer).endOfText)
    let total = documents.reduce(0) { $0 + $1.tokens.count }
    let progress = ProgressView(quiet: output.quiet)
    progress.begin("score", total: total, unit: "tokens")
    let losses = try evaluator.losses(of: documents, under: model, device: device) { progress.update($0) }
    progress.end()
    try documentsOut.map { try write(losses, to: URL(filePath: $0)) }
    show(try PerplexitySummary(losses, random: RandomKey(seed: 0)))
  }

  private func write(_ losses: [DocumentLoss], to url: URL) throws {
    let lines = losses.map {
      JSONValue.object([
        ("id", .string($0.id)), ("domain", .string($0.domain)), ("nats", .number($0.nats)),
        ("tokens", .integer($0.tokens)), ("bytes", .integer($0.bytes)),
      ]).text + "\n"
    }
    try FileSystem.write(lines.joined(), to: url)
  }

  private func show(_ summary: PerplexitySummary) {
    var table = TextTable(
      ("domain", .left), ("documents", .right), ("bits/byte", .right), ("95% interval", .left), ("nats/token", .right))
    var list: [JSONValue] = []
    for row in summary.domains + [summary.all] {
      table.add(
        row.domain, "\(row.documents)", NumberText.fixed(row.bitsPerByte, 4), NumberText.interval(row.interval, 4),
        NumberText.fixed(row.natsPerToken, 4))
      list.append([
        "domain": .string(row.domain), "documents": .integer(row.documents), "bitsPerByte": .number(row.bitsPerByte),
        "low": row.interval.map { .number($0.lower) } ?? .null, "high": row.interval.map { .number($0.upper) } ?? .null,
        "natsPerToken": .number(row.natsPerToken),
      ])
    }
    output.show(
      "\(table.text)\nmean over domains \(NumberText.fixed(summary.meanOverDomains, 4)) bits per byte",
      json: ["domains": .array(list), "meanOverDomains": .number(summary.meanOverDomains)])
  }
}

/// Where the documents of an evaluation come from.
struct EvaluationSource: ParsableArguments {
  @Option(help: "A folder of shards: its held-out side is taken.") var data: String?
  @Option(help: "Files or folders of documents.") var documents: [String] = []
  @Option(help: "Take only these domains.") var domains: [String] = []

  func validate() throws {
    if (data == nil) == documents.isEmpty { throw ValidationError("give either --data or --documents") }
  }

  func documents(_ tokenizer: Tokenizer) throws -> [TokenizedDocument] {
    try data.map { try heldOut(URL(filePath: $0), tokenizer) } ?? encoded(tokenizer)
  }

  private func heldOut(_ folder: URL, _ tokenizer: Tokenizer) throws -> [TokenizedDocument] {
    let dataset = try TokenDataset(
      folder: folder, split: .validation, domains: domains.isEmpty ? .all : .only(domains), contextLength: 1)
    try dataset.requireTokenizer(tokenizer.fingerprint, of: "the model")
    return try dataset.allDocuments()
  }

  private func encoded(_ tokenizer: Tokenizer) throws -> [TokenizedDocument] {
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
    let end = try Int64(TokenizerIdentity(tokenizer).endOfText)
    let reader = DocumentReader(
      try CorpusFiles(documents.map { URL(filePath: $0) }), ReadingOptions(domain: .fileName, brokenLines: .fail)
    ) { _ in }
    var found: [TokenizedDocument] = []
    while let document = try reader.next() {
      guard domains.isEmpty || domains.contains(document.domain) else { continue }
      found.append(
        TokenizedDocument(
          id: document.id, origin: document.origin, domain: document.domain, byteCount: document.text.count,
          tokens: encoder.encode(document.text).map { Int64($0) } + [end]))
    }
    return found
  }
}
