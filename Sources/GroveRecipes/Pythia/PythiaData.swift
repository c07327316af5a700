import Foundation
import GroveCore
import GroveCorpus

/// The training text of the suite: documents of the corpus and the planted arithmetic, one folder of shards for all sizes
/// and seeds.
struct PythiaData: Sendable {
  let folder: URL
  let config: PythiaConfig

  static let arithmeticDomain = "arithmetic"

  var shards: URL { made.shards }
  private var made: RecipeTexts { RecipeTexts(folder: folder) }
  /// The lines are the same for all seeds: they are data, and seeds change what is done with it.
  var arithmetic: ArithmeticText { ArithmeticText(config.arithmetic, key: RandomKey(seed: 0).split("arithmetic")) }

  /// The files of the corpus that give documents.
  static func sources(_ config: PythiaConfig, in corpus: URL) throws -> [SourceFile] {
    try RecipeTexts.sources(config.domains, in: corpus)
  }

  /// Writes texts, tokenizer and shards that are not there yet.
  func prepare(corpus: URL) throws {
    if made.areBuilt { return }
    let sources = try PythiaData.sources(config, in: corpus)
    let domains = Dictionary(grouping: [PythiaData.arithmeticDomain] + sources.map(\.stem)) { $0 }
    if let twice = domains.filter({ $0.value.count > 1 }).keys.min() {
      throw GroveError(
        .argument, corpus.path, "two texts would be the domain '\(twice)'", remedy: "Rename a file of the corpus.")
    }
    var lines = arithmetic.documents().makeIterator()
    try write(PythiaData.arithmeticDomain) { lines.next() }
    for file in sources { try write(file) }
    try made.build(split: SplitRule(validationShare: 0, seed: 0), vocabularySize: config.vocabularySize)
  }

  /// Documents of a file until they have the bytes that are asked for.
  private func write(_ file: SourceFile) throws {
    let reader = try RecipeTexts.reader(file.url)
    var bytes = 0
    try write(file.stem) {
      guard config.bytesPerDomain == 0 || bytes < config.bytesPerDomain, let document = try reader.next() else {
        return nil
      }
      bytes += document.text.count
      return String(decoding: document.text, as: UTF8.self)
    }
  }

  /// A domain of the texts that `next` gives one after the other, with ids of their own.
  private func write(_ domain: String, _ next: () throws -> String?) throws {
    var index = 0
    try made.write(domain) {
      guard let text = try next() else { return nil }
      defer { index += 1 }
      return ("\(domain)/\(index)", text)
    }
  }
}
