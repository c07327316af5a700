import Foundation
import GroveCore
import GroveTesting
import Testing

/// Shards of three domains and the config of a forest on them that grows in seconds, in a tool's folder.
struct CommandForest {
  let tool: GroveTool
  let corpus: TinyCorpus
  static let domains = ["ants", "bees", "wasps"]

  /// - Parameter steps: of the seed and the experts together; experts make steps of half the size.
  init(_ tool: GroveTool, steps: Int) throws {
    self.tool = tool
    corpus = try TinyCorpus(in: tool.folder, domains: CommandForest.domains, bytesPerDomain: 4000)
    try FileSystem.write(
      """
      model: {contextLength: 16, width: 16, layers: 1, attention: {heads: 2, keyValueHeads: 2}, feedForwardWidth: 24}
      data: {folder: shards}
      training: {steps: \(steps), batchSize: 4, precision: float32, threads: 1, schedule: {warmupSteps: 2}}
      growth: {batchSize: 2, seedCores: 1}
      validation: {everySteps: \(steps / 4), tokensPerDomain: 100}
      checkpoints: {everySteps: 4}
      """, to: tool.path("forest.yaml"))
  }

  /// Of the command that grows a forest, or goes on with it.
  func growing(_ folder: String, _ more: String...) -> [String] {
    ["forest", "grow", "forest.yaml", "--out", folder, "--json"] + more
  }

  /// What a command says with --json; it must succeed and be quiet.
  func json(_ arguments: String...) throws -> JSONValue {
    let result = try tool(arguments + ["--json", "--quiet"])
    #expect(result.code == 0 && result.errors == "", "\(arguments): \(result.errors)")
    return try result.json
  }

  /// The hashes of all files below a folder, by path.
  func files(_ folder: String) throws -> [String: String] {
    let root = tool.path(folder)
    let files = try FileManager.default.subpathsOfDirectory(atPath: root.path)
      .filter { !FileSystem.isFolder(root.appending(path: $0)) }
    return try Dictionary(
      uniqueKeysWithValues: files.map { ($0, try ContentHash.ofFile(root.appending(path: $0))) })
  }

  /// The manifest, which has the hashes of all weights.
  func manifest(_ folder: String) throws -> String {
    String(decoding: try FileSystem.read(tool.path("\(folder)/forest.json")), as: UTF8.self)
  }

  /// Steps that a member's run has logged.
  func loggedSteps(_ run: String) throws -> Int {
    let file = tool.path("\(run)/metrics.jsonl")
    guard FileSystem.exists(file) else { return 0 }
    return try FileSystem.read(file).split(separator: 0x0A).filter {
      (try? JSONValue(parsing: $0, at: "log"))?["kind"]?.stringValue == "step"
    }.count
  }

  /// Shards of a domain of its own, made with the forest's tokenizer unless it has another vocabulary.
  func newDomain(_ name: String, vocabularySize: Int = 300) throws {
    let texts = try TinyCorpus(
      in: tool.path("\(name)-corpus"), seed: 5, domains: [name], bytesPerDomain: 4000, vocabularySize: vocabularySize)
    if vocabularySize != 300 { return try FileSystem.rename(texts.shards, to: tool.path(name)) }
    let built = try tool("shard", "build", texts.texts.path, "--tokenizer", "shards", "--out", name, "--quiet")
    try #require(built.code == 0, "\(built.errors)")
  }
}
