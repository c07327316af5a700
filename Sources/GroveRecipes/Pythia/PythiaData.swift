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

  /// Writes texts, tokenizer and shards that are not there yet.
  func prepare(corpus: URL) throws {
    if FileSystem.exists(shards.appending(path: "manifest.json")) { return }
    let texts = folder.appending(path: "texts")
    try FileSystem.makeFolder(texts)
    var written = [try write(arithmetic.documents(), PythiaData.arithmeticDomain, to: texts)]
    for file in try CorpusFiles([corpus]).files where config.domains.isEmpty || config.domains.contains(file.stem) {
      written.append(try write(try documents(of: file.url), file.stem, to: texts))
    }
    guard written.count > max(1, config.domains.count) else {
      throw GroveError(
        .file, corpus.path, "does not hold the files \(config.domains.joined(separator: ", "))",
        remedy: "Name the folder of the demo corpus with --corpus.")
    }
    let files = try CorpusFiles([texts])
    let options = ReadingOptions(domain: .fileName, brokenLines: .fail)
    let split = try SplitRule(validationShare: 0, seed: 0)
    let tokenizer = try CorpusTokenizer.train(
      files, options, split: split, vocabularySize: config.vocabularySize, onProblem: { _ in }, onProgress: { _ in })
    let builder = try ShardBuilder(
      folder: shards, tokenizer: TokenizerIdentity(tokenizer), split: split, workers: 1, existing: .refuse)
    _ = try builder.build(files, options, tokenizer: tokenizer) { _ in }
  }

  private func documents(of file: URL) throws -> [String] {
    let reader = DocumentReader(try CorpusFiles([file]), ReadingOptions(domain: .fileName, brokenLines: .fail)) { _ in }
    var texts: [String] = []
    var bytes = 0
    while config.bytesPerDomain == 0 || bytes < config.bytesPerDomain, let document = try reader.next() {
      texts.append(String(decoding: document.text, as: UTF8.self))
      bytes += document.text.count
    }
    return texts
  }

  private func write(_ texts: [String], _ domain: String, to folder: URL) throws -> URL {
    let url = folder.appending(path: "\(domain).jsonl")
    let lines = texts.enumerated().map { index, text -> String in
      JSONValue.object([("id", .string("\(domain)/\(index)")), ("text", .string(text))]).text + "\n"
    }
    try FileSystem.write(lines.joined(), to: url)
    return url
  }
}
