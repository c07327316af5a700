import Foundation
import GroveCore
import GroveCorpus
import GroveTokenizer

/// The training text of the suite: documents of the corpus and the planted arithmetic, one folder of shards for all sizes
/// and seeds.
struct PythiaData: Sendable {
  let folder: URL
  let config: PythiaConfig

  static let arithmeticDomain = "arithmetic"

  var shards: URL { folder.appending(path: "shards") }
  /// The lines are the same for all seeds: they are data, and seeds change what is done with it.
  var arithmetic: ArithmeticText { ArithmeticText(config.arithmetic, key: RandomKey(seed: 0).split("arithmetic")) }

  /// The files of the corpus that give documents.
  static func sources(_ config: PythiaConfig, in corpus: URL) throws -> [SourceFile] {
    try CorpusFiles([corpus]).files.filter { config.domains.isEmpty || config.domains.contains($0.stem) }
  }

  /// Writes texts, tokenizer and shards that are not there yet.
  func prepare(corpus: URL) throws {
    if FileSystem.exists(shards.appending(path: "manifest.json")) { return }
    let sources = try PythiaData.sources(config, in: corpus)
    guard sources.count >= max(1, config.domains.count) else {
      throw GroveError(
        .file, corpus.path, "does not hold the files \(config.domains.joined(separator: ", "))",
        remedy: "Name the folder of the demo corpus with --corpus.")
    }
    let domains = Dictionary(grouping: [PythiaData.arithmeticDomain] + sources.map(\.stem)) { $0 }
    if let twice = domains.filter({ $0.value.count > 1 }).keys.min() {
      throw GroveError(
        .argument, corpus.path, "two texts would be the domain '\(twice)'", remedy: "Rename a file of the corpus.")
    }
    let texts = folder.appending(path: "texts")
    try FileSystem.makeFolder(texts)
    var lines = arithmetic.documents().makeIterator()
    try write(PythiaData.arithmeticDomain, to: texts) { lines.next() }
    for file in sources { try write(file, to: texts) }
    let files = try CorpusFiles([texts])
    let options = ReadingOptions(domain: .fileName, brokenLines: .fail)
    let split = try SplitRule(validationShare: 0, seed: 0)
    let tokenizer = try CorpusTokenizer.train(
      files, options, split: split, vocabularySize: config.vocabularySize, onProblem: { _ in }, onProgress: { _ in })
    let builder = try ShardBuilder(
      folder: shards, tokenizer: TokenizerIdentity(tokenizer), split: split, workers: 1, existing: .refuse)
    _ = try builder.build(files, options, tokenizer: tokenizer) { _ in }
  }

  /// Documents of a file until they have the bytes that are asked for.
  private func write(_ file: SourceFile, to folder: URL) throws {
    let reader = DocumentReader(
      try CorpusFiles([file.url]), ReadingOptions(domain: .fileName, brokenLines: .fail)
    ) { _ in }
    var bytes = 0
    try write(file.stem, to: folder) {
      guard config.bytesPerDomain == 0 || bytes < config.bytesPerDomain, let document = try reader.next() else {
        return nil
      }
      bytes += document.text.count
      return String(decoding: document.text, as: UTF8.self)
    }
  }

  /// A file of the texts that `next` gives one after the other: a corpus need not fit in memory.
  private func write(_ domain: String, to folder: URL, _ next: () throws -> String?) throws {
    let writer = try FileWriter(folder.appending(path: "\(domain).jsonl"))
    var index = 0
    while let text = try next() {
      try writer.write(JSONValue.object([("id", .string("\(domain)/\(index)")), ("text", .string(text))]).text + "\n")
      index += 1
    }
    try writer.commit()
  }
}
