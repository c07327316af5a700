public import Foundation
import GroveCore
import GroveCorpus
public import GroveTokenizer

/// A few domains of generated sentences, with a tokenizer and shards made from them: the same arguments give the same
/// bytes.
public struct TinyCorpus: Sendable {
  /// Holds `DOMAIN.jsonl` for each domain.
  public let texts: URL
  /// Shards, with the tokenizer beside them.
  public let shards: URL
  public let tokenizer: Tokenizer
  public let domains: [String]
  private let options: ReadingOptions

  /// A letter that one document of each domain has once and no other text has: a single token.
  public static let rareLetter = "Z"

  /// Writes the corpus into `folder`.
  /// - Parameters:
  ///   - seed: another seed makes other texts from the same words.
  ///   - domains: one that cannot be the name of a file stands in its documents too, and then all do.
  ///   - vocabularySize: of the tokenizer; 257 is bytes alone.
  public init(
    in folder: URL, seed: UInt64 = 1, domains: [String] = ["ants", "bees"], bytesPerDomain: Int = 20_000,
    vocabularySize: Int = 300
  ) throws {
    self.domains = domains
    texts = folder.appending(path: "texts")
    shards = folder.appending(path: "shards")
    let areFileNames = domains.allSatisfy { FileName.escaping($0) == $0 }
    options = ReadingOptions(domain: areFileNames ? .fileName : .field("domain"), brokenLines: .fail)
    try FileSystem.makeFolder(texts)
    for domain in domains {
      let lines = TinyCorpus.documents(domain, seed: seed, bytes: bytesPerDomain).enumerated().map { index, text in
        let field = areFileNames ? "" : #", "domain": "\#(domain)""#
        return #"{"id": "\#(domain)/\#(index)", "text": "\#(text)"\#(field)}"# + "\n"
      }
      try FileSystem.write(lines.joined(), to: texts.appending(path: "\(FileName.escaping(domain)).jsonl"))
    }
    let files = try CorpusFiles([texts])
    let split = try SplitRule(validationShare: 0.1, seed: 0)
    tokenizer = try CorpusTokenizer.train(
      files, options, split: split, kind: .bytePair, vocabularySize: vocabularySize, onProblem: { _ in },
      onProgress: { _ in })
    try buildShards()
  }

  /// Builds the shards from the texts as they are now; the folder must not be there.
  public func buildShards() throws {
    let builder = try ShardBuilder(
      folder: shards, tokenizer: TokenizerIdentity(tokenizer), split: SplitRule(validationShare: 0.1, seed: 0),
      workers: 1, existing: .refuse)
    _ = try builder.build(CorpusFiles([texts]), options, tokenizer: tokenizer, onEvent: { _ in })
  }

  /// Sentences in which a word depends on the one before, so that there is something to learn.
  private static func documents(_ domain: String, seed: UInt64, bytes: Int) -> [String] {
    let key = RandomKey(seed: seed).split(domain)
    // The words belong to the domain, whatever the seed.
    let letters = RandomKey(seed: 0).split(domain)
    let words = (0..<24).map { word in
      let key = letters.split(word)
      return String((0..<2 + word % 5).map { "abcdefghijklmnop".randomElement(at: key.bits($0)) })
    }
    var documents: [String] = []
    var total = 0
    while total < bytes {
      let draws = key.split(documents.count)
      var word = Int(draws.bits(0) % 24)
      var text = words[word]
      for place in 1..<20 + Int(draws.bits(1) % 60) {
        word = (word * 5 + Int(draws.bits(place + 1) % 4)) % 24
        text += (place % 9 == 0 ? ". " : " ") + words[word]
      }
      if documents.count == 3 { text += " \(rareLetter) " + words[word] }
      documents.append(text + ".")
      total += text.utf8.count + 1
    }
    return documents
  }
}

extension String {
  fileprivate func randomElement(at bits: UInt64) -> Character {
    self[index(startIndex, offsetBy: Int(bits % UInt64(count)))]
  }
}
