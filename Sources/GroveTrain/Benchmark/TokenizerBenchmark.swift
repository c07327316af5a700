import Foundation
import GroveCore
public import GroveTokenizer

/// Measures encoding with a tokenizer, and the training of one, on one core and from memory.
public enum TokenizerBenchmark {
  /// What one process measured: Grove's or a peer's, in the same JSON.
  public struct Measurement: Codable, Equatable, Sendable {
    /// With its version: "grove 0.1.0".
    public var engine: String
    /// Wall time of each repeat.
    public var seconds: [Double]
    /// UTF-8 bytes of the documents.
    public var bytes: Int
    /// Ids of all documents, or tokens of the vocabulary that was learned.
    public var tokens: Int
    /// SHA-256 over the ids of all documents, or over the learned tokens: equal for all engines.
    public var digest: String

    public init(engine: String, seconds: [Double], bytes: Int, tokens: Int, digest: String) {
      self.engine = engine
      self.seconds = seconds
      self.bytes = bytes
      self.tokens = tokens
      self.digest = digest
    }

    /// Checks that a peer's result is ours.
    /// - Throws: `GroveError` with code `.mismatch`; a faster way to another result is no result.
    public func requireSameResult(as peer: Measurement) throws {
      guard peer.bytes == bytes else {
        throw GroveError(.mismatch, peer.engine, "read \(peer.bytes) bytes, \(engine) \(bytes)")
      }
      guard peer.tokens == tokens, peer.digest == digest else {
        throw GroveError(
          .mismatch, peer.engine,
          "gives other tokens than \(engine): \(peer.tokens) and \(tokens), digests \(peer.digest.prefix(12))… and "
            + "\(digest.prefix(12))…")
      }
    }
  }

  /// Encodes all documents in each repeat, every time with a new encoder, whose cache is empty.
  public static func encode(_ documents: [[UInt8]], with tokenizer: Tokenizer, repeats: Int) -> Measurement {
    let clock = ContinuousClock()
    var seconds: [Double] = []
    var ids: [UInt32] = []
    for _ in 0..<repeats {
      ids.removeAll(keepingCapacity: true)
      let began = clock.now
      var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
      for document in documents { document.withUnsafeBufferPointer { encoder.encode($0, appendingTo: &ids) } }
      seconds.append((clock.now - began).seconds)
    }
    var hash = ContentHash()
    ids.withUnsafeBytes { hash.update($0) }  // every machine that Swift runs on is little-endian
    return Measurement(
      engine: "grove \(groveVersion)", seconds: seconds, bytes: documents.reduce(0) { $0 + $1.count },
      tokens: ids.count, digest: hash.hexadecimal())
  }

  /// Learns a byte-level BPE vocabulary with GPT-2's split in each repeat, counting included.
  public static func train(_ documents: [[UInt8]], vocabularySize: Int, repeats: Int) throws -> Measurement {
    let clock = ContinuousClock()
    var seconds: [Double] = []
    var learned: Tokenizer?
    for _ in 0..<repeats {
      let began = clock.now
      var trainer = try BytePairTrainer(
        .init(
          vocabularySize: vocabularySize, minimumFrequency: 2, specialTokens: [], preTokenizer: .gpt2,
          malformed: .replacing, wordMemoryBytes: 2 << 30))
      for document in documents { trainer.count(document) }
      learned = trainer.train()
      seconds.append((clock.now - began).seconds)
    }
    var hash = ContentHash()
    let size = learned?.vocabularySize ?? 0
    for id in 0..<UInt32(size) {
      guard let bytes = learned?.bytes(of: id) else { continue }
      hash.update(Array("\(bytes.count):".utf8) + bytes)  // the length keeps neighbours apart
    }
    return Measurement(
      engine: "grove \(groveVersion)", seconds: seconds, bytes: documents.reduce(0) { $0 + $1.count }, tokens: size,
      digest: hash.hexadecimal())
  }
}
