import Foundation
import GroveCore
import GroveCorpus
import GroveTokenizer

/// The texts that a recipe chose or made, a file a domain, and the tokenizer and shards made of them.
///
/// ```
/// FOLDER/
///   texts/DOMAIN.jsonl
///   shards/
/// ```
struct RecipeTexts: Sendable {
  let folder: URL

  /// One document.
  typealias Item = (id: String, text: String)

  static let options = ReadingOptions(domain: .fileName, brokenLines: .fail)

  var texts: URL { folder.appending(path: "texts") }
  var shards: URL { folder.appending(path: "shards") }
  /// Whether the shards are there; they come last, and whole.
  var areBuilt: Bool { FileSystem.exists(shards.appending(path: ShardManifest.fileName)) }

  /// Writes a domain, of the documents that `next` gives one after the other: a corpus need not fit in memory.
  func write(_ domain: String, _ next: () throws -> Item?) throws {
    try FileSystem.makeFolder(texts)
    let writer = try FileWriter(file(domain))
    while let item = try next() {
      try writer.write(JSONValue.object([("id", .string(item.id)), ("text", .string(item.text))]).text + "\n")
    }
    try writer.commit()
  }

  /// The file of a domain.
  func file(_ domain: String) -> URL { texts.appending(path: "\(domain).jsonl") }

  /// Trains a tokenizer on the training side of the domains that are written so far.
  func trainTokenizer(split: SplitRule, vocabularySize: Int) throws -> Tokenizer {
    try CorpusTokenizer.train(
      CorpusFiles([texts]), RecipeTexts.options, split: split, kind: .bytePair, vocabularySize: vocabularySize,
      onProblem: { _ in },
      onProgress: { _ in })
  }

  /// Trains a tokenizer on the training side of all domains and makes their shards.
  func build(split: SplitRule, vocabularySize: Int) throws {
    try build(split: split, tokenizer: trainTokenizer(split: split, vocabularySize: vocabularySize))
  }

  /// Makes the shards of all domains with a tokenizer.
  func build(split: SplitRule, tokenizer: Tokenizer) throws {
    let builder = try ShardBuilder(
      folder: shards, tokenizer: TokenizerIdentity(tokenizer), split: split, workers: 1, existing: .refuse)
    _ = try builder.build(CorpusFiles([texts]), RecipeTexts.options, tokenizer: tokenizer) { _ in }
  }

  /// The file of a corpus that has a name, whatever its ending.
  /// - Throws: `GroveError` if there is none.
  static func sources(_ names: [String], in corpus: URL) throws -> [SourceFile] {
    let files = try CorpusFiles([corpus]).files.filter { names.isEmpty || names.contains($0.stem) }
    guard files.count >= max(1, names.count) else {
      throw GroveError(
        .file, corpus.path, "does not hold the files \(names.joined(separator: ", "))",
        remedy: "Name the folder of the demo corpus with --corpus.")
    }
    return files
  }

  /// The bytes of a file's documents, one behind the other, on each side of a split.
  static func bytes(of name: String, split: SplitRule, in corpus: URL) throws -> [Split: [UInt8]] {
    var sides: [Split: [UInt8]] = [:]
    for document in try documents(of: name, in: corpus) {
      sides[split.split(of: document.id), default: []] += document.text
    }
    return sides
  }

  /// The documents of the file that has a name.
  static func documents(of name: String, in corpus: URL) throws -> [Document] {
    let reader = try reader(sources([name], in: corpus)[0].url)
    var documents: [Document] = []
    while let document = try reader.next() { documents.append(document) }
    return documents
  }

  /// The documents of a file, one after the other.
  static func reader(_ file: URL) throws -> DocumentReader {
    DocumentReader(try CorpusFiles([file]), options) { _ in }
  }
}
