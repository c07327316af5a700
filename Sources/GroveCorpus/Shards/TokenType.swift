/// How a token id is stored in a shard; the names and codes are those of Megatron-LM's `IndexedDataset`.
public enum TokenType: String, Sendable {
  case uint16, int32

  /// The narrower type that holds every id of a vocabulary.
  public init(vocabularySize: Int) { self = vocabularySize <= 1 << 16 ? .uint16 : .int32 }

  /// Bytes of one token.
  public var byteCount: Int { self == .uint16 ? 2 : 4 }

  var code: UInt8 { self == .uint16 ? 8 : 4 }

  init?(code: UInt8) {
    switch code {
    case 8: self = .uint16
    case 4: self = .int32
    default: return nil
    }
  }
}
