public import Foundation
import GroveCore

/// A shard with its ledger: the tokens of one domain and one side of the split, and the way back to the documents.
public final class TokenShard: Sendable {
  /// The tokens.
  public let sequences: TokenSequences
  /// The documents.
  public let ledger: ShardLedger

  /// - Throws: `GroveError` if a file is missing or broken, or the ledger belongs to other tokens.
  public init(prefix: URL) throws {
    sequences = try TokenSequences(prefix: prefix)
    ledger = try ShardLedger(prefix.appendingPathExtension("ledger"))
    guard ledger.count == sequences.count, ledger.tokenCount == sequences.tokenCount else {
      throw GroveError(
        .mismatch, prefix.path,
        "the ledger tells of \(ledger.count) documents and \(ledger.tokenCount) tokens, the index and the tokens "
          + "of \(sequences.count) and \(sequences.tokenCount)",
        remedy: "Build the shards again.")
    }
  }
}
