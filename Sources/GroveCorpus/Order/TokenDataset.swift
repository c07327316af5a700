public import Foundation
import GroveCore

/// Which domains of a folder of shards a dataset takes.
public enum DomainChoice: Equatable, Sendable {
  case all
  case only([String])
}

/// One side of a folder of shards, cut into training sequences.
///
/// The sequences of a domain are windows of `contextLength + 1` tokens that begin every `contextLength` tokens, so that
/// every token but the first is a target once. What is left at the end of a domain is dropped, and counted.
public struct TokenDataset: Sendable {
  /// One domain of a dataset.
  public struct Domain: Equatable, Sendable {
    /// The name of the domain.
    public let name: String
    /// Documents of this side.
    public let documents: Int
    /// End-of-text ids included.
    public let tokens: Int
    /// UTF-8 bytes of the texts.
    public let bytes: Int
    /// Whole windows.
    public let sequences: Int
    /// Tokens at the end that are in no window.
    public let droppedTokens: Int
  }

  /// The folder's own account.
  public let manifest: ShardManifest
  /// The side of the split.
  public let split: Split
  /// Tokens that a model sees at once; a window has one more, for the last target.
  public let contextLength: Int
  /// In order of the bytes of their names.
  public let domains: [Domain]
  private let folder: URL
  private let shards: [TokenShard]

  /// Opens a folder of shards. The hash of a file is recomputed only if it was written after the manifest;
  /// `ShardManifest.verify` recomputes all.
  /// - Throws: `GroveError` if a shard is missing, broken, altered or not what the manifest counts, or a domain is not
  ///   there.
  public init(folder: URL, split: Split, domains choice: DomainChoice, contextLength: Int) throws {
    guard contextLength > 0 else {
      throw GroveError(.argument, "contextLength", "\(contextLength) is not a positive number")
    }
    self.folder = folder
    manifest = try ShardManifest(folder: folder)
    self.split = split
    self.contextLength = contextLength
    let chosen = try TokenDataset.chosen(choice, manifest.shards.filter { $0.split == split }, folder, split)
    shards = try chosen.map { try TokenShard(prefix: folder.appending(path: $0.path)) }
    for (shard, opened) in zip(chosen, shards) {
      let ledger = opened.ledger
      guard ledger.domain == shard.domain, ledger.count == shard.content.documents,
        ledger.tokenCount == shard.content.tokens,
        ledger.byteCount == shard.content.bytes, opened.sequences.type == manifest.type
      else {
        throw GroveError(
          .mismatch, folder.appending(path: shard.path).path, "the shard is not the one that the manifest counts",
          remedy: "Build the shards again.")
      }
    }
    try manifest.verifyWhatIsNewer(chosen, folder: folder)
    domains = chosen.map { shard in
      let tokens = shard.content.tokens
      let sequences = max(0, tokens - 1) / contextLength
      return Domain(
        name: shard.domain, documents: shard.content.documents, tokens: tokens, bytes: shard.content.bytes,
        sequences: sequences, droppedTokens: sequences == 0 ? tokens : tokens - sequences * contextLength - 1)
    }
  }

  private static func chosen(
    _ choice: DomainChoice, _ shards: [ShardManifest.Shard], _ folder: URL, _ split: Split
  ) throws -> [ShardManifest.Shard] {
    if case .only(let names) = choice {
      for name in names where !shards.contains(where: { $0.domain == name }) {
        throw GroveError(
          .argument, folder.path, "there is no \(split.rawValue) shard of the domain '\(name)'",
          remedy: "There are: \(shards.map(\.domain).joined(separator: ", ")).")
      }
      return shards.filter { names.contains($0.domain) }.sorted(by: ShardManifest.Shard.inOrder)
    }
    return shards.sorted(by: ShardManifest.Shard.inOrder)
  }

  /// The order in which a run with this seed sees the sequences.
  /// - Throws: `GroveError` as `DataOrder.init` does.
  public func order(seed: UInt64, mixing: Mixing) throws -> DataOrder {
    try DataOrder(
      fingerprint: manifest.fingerprint, seed: seed,
      domains: domains.map { DomainSequences(name: $0.name, count: $0.sequences) }, mixing: mixing)
  }

  /// Copies the `contextLength + 1` tokens of a sequence.
  /// - Precondition: the sequence is one of this dataset, and the buffer has room for exactly its tokens.
  /// - Throws: `GroveError` with code `.format` if an id is not in the vocabulary.
  public func fill(_ sequence: SequenceReference, into output: UnsafeMutableBufferPointer<Int64>) throws {
    try copy(tokens(of: sequence), of: sequence.domain, into: output)
  }

  private func copy(_ range: Range<Int>, of domain: Int, into output: UnsafeMutableBufferPointer<Int64>) throws {
    let largest = shards[domain].sequences.copy(range, into: output)
    guard largest < manifest.tokenizer.vocabularySize else {
      throw GroveError(
        .format, domains[domain].name,
        "the shard holds the id \(largest) among tokens \(range.lowerBound) to \(range.upperBound - 1); the vocabulary "
          + "has \(manifest.tokenizer.vocabularySize)",
        remedy: "Verify the shards, and build them again.")
    }
  }

  /// Where the window of a sequence stands in the tokens of its domain.
  private func tokens(of sequence: SequenceReference) -> Range<Int> {
    precondition(
      domains.indices.contains(sequence.domain) && 0..<domains[sequence.domain].sequences ~= sequence.index,
      "\(sequence) is not in this dataset")
    let first = sequence.index * contextLength
    return first..<first + contextLength + 1
  }

  /// The documents that the window of a sequence shows, in order; together their spans are the whole window.
  /// - Throws: `GroveError` with code `.format` if the ledger contradicts itself.
  /// - Complexity: O(log documents of the domain + documents of the window).
  public func documents(of sequence: SequenceReference) throws -> [DocumentSpan] {
    let window = tokens(of: sequence)
    let ledger = shards[sequence.domain].ledger
    var spans: [DocumentSpan] = []
    var entry = try ledger.entry(holding: window.lowerBound)
    while true {
      let part = entry.tokens.clamped(to: window)
      spans.append(
        DocumentSpan(
          id: entry.id, origin: entry.origin, domain: domains[sequence.domain].name,
          window: part.lowerBound - window.lowerBound..<part.upperBound - window.lowerBound,
          tokenOffset: part.lowerBound - entry.tokens.lowerBound))
      if entry.tokens.upperBound >= window.upperBound { return spans }
      entry = try ledger.entry(holding: entry.tokens.upperBound)
    }
  }

  /// Checks that the shards were made with the tokenizer of a model or forest.
  /// - Parameters:
  ///   - fingerprint: of that tokenizer.
  ///   - owner: whose it is, in words: "the forest".
  /// - Throws: `GroveError` with code `.mismatch` that names the folder.
  public func requireTokenizer(_ fingerprint: String, of owner: String) throws {
    let own = manifest.tokenizer.fingerprint
    guard own == fingerprint else {
      throw GroveError(
        .mismatch, folder.path,
        "was made with another tokenizer than \(owner): \(own.prefix(12))… instead of \(fingerprint.prefix(12))…",
        remedy: "Build the shards with the tokenizer of \(owner).")
    }
  }

  /// One document of a domain, in the order of its shard.
  /// - Precondition: the domain and the document are there.
  public func document(_ index: Int, domain: Int) throws -> TokenizedDocument {
    let entry = try shards[domain].ledger.entry(index)
    var tokens = [Int64](repeating: 0, count: entry.tokens.count)
    try tokens.withUnsafeMutableBufferPointer { try copy(entry.tokens, of: domain, into: $0) }
    return TokenizedDocument(
      id: entry.id, origin: entry.origin, domain: domains[domain].name, byteCount: entry.byteCount, tokens: tokens)
  }

  /// All documents in memory, domain by domain.
  /// - Throws: `GroveError` with code `.format` if a shard or ledger contradicts itself.
  public func allDocuments() throws -> [TokenizedDocument] {
    try domains.indices.flatMap { domain in
      try (0..<domains[domain].documents).map { try document($0, domain: domain) }
    }
  }

  /// Hands the documents of a domain to `body`, one after the other.
  public func forEachDocument(domain: Int, _ body: (TokenizedDocument) throws -> Void) throws {
    for index in 0..<domains[domain].documents { try body(document(index, domain: domain)) }
  }
}
