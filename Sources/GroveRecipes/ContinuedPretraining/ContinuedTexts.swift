import Foundation
import GroveCore
import GroveCorpus
import GroveTokenizer

/// The texts of a recipe that are cut from files: a domain of the shards for each stream, the same for all seeds.
struct ContinuedTexts: Sendable {
  let made: RecipeTexts
  let config: any TextStreamSettings
  private let key = RandomKey(seed: 0).split("continued texts")

  init(folder: URL, _ config: any TextStreamSettings) {
    made = RecipeTexts(folder: folder)
    self.config = config
  }

  var split: SplitRule { get throws { try SplitRule(validationShare: config.heldOutShare, seed: 0) } }

  /// The files of the corpus that the streams are cut from.
  static func sources(_ config: any TextStreamSettings, in corpus: URL) throws -> [SourceFile] {
    let names = Set(config.streams.flatMap { $0.parts.map(\.file) })
    return try RecipeTexts.sources(names.sorted(), in: corpus)
  }

  /// Writes texts, tokenizer and shards if they are not there yet.
  /// - Parameters:
  ///   - adding: writes what is not of the corpus beside the streams; the tokenizer has seen it.
  ///   - dividing: writes other divisions of the streams' documents; the tokenizer has not seen them.
  /// - Throws: `GroveError` if the corpus has not the files.
  func prepare(
    corpus: URL, adding: (RecipeTexts) throws -> Void = { _ in }, dividing: (RecipeTexts) throws -> Void = { _ in }
  ) throws {
    if made.areBuilt { return }
    try writeStreams(corpus)
    try adding(made)
    let tokenizer = try made.trainTokenizer(split: split, vocabularySize: config.vocabularySize)
    try dividing(made)
    try made.build(split: split, tokenizer: tokenizer)
  }

  /// A tokenizer of its own, trained on the training side of some files.
  func tokenizer(of files: [URL], _ kind: CorpusTokenizer.Kind, vocabularySize: Int) throws -> Tokenizer {
    try CorpusTokenizer.train(
      CorpusFiles(files), RecipeTexts.options, split: split, kind: kind, vocabularySize: vocabularySize,
      onProblem: { _ in }, onProgress: { _ in })
  }

  private func writeStreams(_ corpus: URL) throws {
    let sources = try ContinuedTexts.sources(config, in: corpus)
    let split = try split
    for stream in config.streams {
      var readers = try stream.parts.map { try PartReader($0, sources, key, bytes: config.bytesPerPart) }
      var turn = 0
      try made.write(stream.name) {
        while !readers.isEmpty {
          turn %= readers.count
          guard let document = try readers[turn].next() else {
            readers.remove(at: turn)
            continue
          }
          turn += 1
          let text = String(decoding: document.text, as: UTF8.self)
          let spoils = split.split(of: document.id) == .train && isJunk(document.id, stream)
          return (document.id, spoils ? scrambled(text, document.id) : text)
        }
        return nil
      }
    }
  }

  // MARK: Junk

  /// Whether a training document with this id is spoiled.
  func isJunk(_ id: String, _ stream: TextStream) -> Bool {
    stream.junkShare > 0 && key.split("junk").split(id).uniform(0) < stream.junkShare
  }

  /// The text with the letters of each word in a random order.
  private func scrambled(_ text: String, _ id: String) -> String {
    var generator = key.split("letters").split(id).generator()
    return text.split(separator: " ", omittingEmptySubsequences: false)
      .map { String($0.shuffled(using: &generator)) }.joined(separator: " ")
  }

  /// The documents of a part, in the order of its file.
  private struct PartReader {
    private let part: TextPart
    private let reader: DocumentReader
    private let key: RandomKey
    private let limit: Int
    private var bytes = 0

    init(_ part: TextPart, _ sources: [SourceFile], _ key: RandomKey, bytes limit: Int) throws {
      guard let file = sources.first(where: { $0.stem == part.file }) else {
        preconditionFailure("\(part.file) is not among the sources")
      }
      self.part = part
      self.limit = limit
      self.key = key.split("parts")
      reader = try RecipeTexts.reader(file.url)
    }

    mutating func next() throws -> Document? {
      while limit == 0 || bytes < limit, let document = try reader.next() {
        guard (part.from..<part.to).contains(key.split(document.id).uniform(0)) else { continue }
        bytes += document.text.count
        return document
      }
      return nil
    }
  }
}
