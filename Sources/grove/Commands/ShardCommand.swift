import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveReport
import GroveTokenizer

struct ShardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shard", abstract: "Token shards: Megatron's .bin/.idx with a ledger back to the documents.",
    subcommands: [ShardBuildCommand.self, ShardShowCommand.self, ShardVerifyCommand.self])

  static func describe(_ manifest: ShardManifest) -> (text: String, json: JSONValue) {
    var table = TextTable(
      ("side", .left), ("domain", .left), ("documents", .right), ("tokens", .right), ("bytes", .right))
    for shard in manifest.shards {
      table.add(
        shard.split.rawValue, shard.domain, "\(shard.content.documents)", "\(shard.content.tokens)",
        "\(shard.content.bytes)")
    }
    let json: JSONValue = [
      "fingerprint": .string(manifest.fingerprint), "brokenLines": .integer(manifest.problems),
      "vocabularySize": .integer(manifest.tokenizer.vocabularySize),
      "shards": .array(
        manifest.shards.map {
          [
            "side": .string($0.split.rawValue), "domain": .string($0.domain),
            "documents": .integer($0.content.documents), "tokens": .integer($0.content.tokens),
            "bytes": .integer($0.content.bytes),
          ]
        }),
    ]
    return ("\(table.text)\n\(manifest.problems) broken lines\nfingerprint \(manifest.fingerprint)", json)
  }
}

struct ShardBuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Turn documents into token shards, split into training and held-out documents.")

  @OptionGroup var corpus: CorpusOptions
  @OptionGroup var split: SplitOptions
  @Option(help: "A tokenizer.json, or a folder with one.") var tokenizer: String
  @Option(help: "Folder to make.") var out: String
  @Option(help: "Threads that encode; the bytes do not depend on it.") var workers = 2
  @Flag(help: "Take shards that are there if they were made from the same inputs and every hash is right.")
  var verifyExisting = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tokenizer = try TokenizerCommand.load(tokenizer)
    let builder = try ShardBuilder(
      folder: URL(filePath: out), tokenizer: TokenizerIdentity(tokenizer), split: split.rule(), workers: workers,
      existing: verifyExisting ? .verify : .refuse)
    let progress = ProgressView(quiet: output.quiet)
    let manifest = try builder.build(corpus.files(), corpus.readingOptions(), tokenizer: tokenizer) {
      switch $0 {
      case .progress(let documents, let bytes, let tokens):
        progress.status("\(documents) documents, \(NumberText.bytes(bytes)), \(NumberText.short(tokens)) tokens")
      case .problem(let problem): progress.note("\(problem)")
      case .finished: break
      }
    }
    progress.end()
    let result = ShardCommand.describe(manifest)
    output.show(result.text, json: result.json)
  }
}

struct ShardShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "List the shards of a folder.")

  @Argument(help: "A folder of shards.") var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let result = ShardCommand.describe(try ShardManifest(folder: URL(filePath: folder)))
    output.show(result.text, json: result.json)
  }
}

struct ShardVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Recompute every hash and name the first file that differs.")

  @Argument(help: "A folder of shards.") var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let url = URL(filePath: folder)
    let manifest = try ShardManifest(folder: url)
    try manifest.verify(folder: url)
    output.show(
      "\(manifest.shards.count) shards are what the manifest says, fingerprint \(manifest.fingerprint)",
      json: ["shards": .integer(manifest.shards.count), "fingerprint": .string(manifest.fingerprint)])
  }
}
