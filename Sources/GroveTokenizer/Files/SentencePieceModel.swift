import GroveCore

/// What a sentencepiece `.model` file holds: its pieces, and what is done to a text before they are looked for.
///
/// - Source: `sentencepiece_model.proto` of the library; fields that change no ids are not kept.
public struct SentencePieceModel: Sendable {
  /// What a piece is for, by its code in the file.
  public enum Kind: Int, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// A token of the model.
  public struct Piece: Sendable {
    /// UTF-8, with U+2581 for spaces.
    public var text: [UInt8]
    public var score: Float
    public var kind: Kind

    /// A piece as given; a tokenizer checks it.
    public init(text: [UInt8], score: Float, kind: Kind) {
      (self.text, self.score, self.kind) = (text, score, kind)
    }

    fileprivate init() { self.init(text: [], score: 0, kind: .normal) }
  }

  /// By id.
  public var pieces: [Piece]
  /// 1 for unigram, 2 for BPE; others are not supported.
  public var modelType = 1
  /// Whether the space goes with the word before it.
  public var isSpaceLast = false
  /// The `precompiled_charsmap`; empty where no character is mapped.
  public var characterMap: [UInt8] = []
  /// Whether a space is put before a text.
  public var addsSpace = true
  /// Whether spaces beyond one between words go.
  public var removesSpaces = true
  /// Whether spaces become U+2581.
  public var escapesSpaces = true

  /// A BPE model that takes texts as they are.
  public init(bytePairs pieces: [Piece], addsSpace: Bool) {
    self.pieces = pieces
    (modelType, self.addsSpace, removesSpaces) = (2, addsSpace, false)
  }

  /// Reads the bytes of a `.model` file.
  /// - Parameter place: what errors call the bytes.
  /// - Throws: `GroveError` with code `.format`, which names the piece or the byte.
  public init(_ bytes: [UInt8], at place: String) throws {
    pieces = []
    try ProtocolBuffer.forEachField(of: bytes[...], at: place) { field in
      guard case .bytes(let message) = field.value else { return }
      switch field.number {
      case 1: pieces.append(try SentencePieceModel.piece(message, "\(place) › pieces[\(pieces.count)]"))
      case 2: try readTrainer(message, place)
      case 3: try readNormalizer(message, place)
      default: return
      }
    }
    guard !pieces.isEmpty else {
      throw GroveError(.format, place, "holds no pieces", remedy: "Is it a sentencepiece model?")
    }
  }

  private static func piece(_ message: ArraySlice<UInt8>, _ place: String) throws -> Piece {
    var piece = Piece()
    try ProtocolBuffer.forEachField(of: message, at: place) { field in
      switch (field.number, field.value) {
      case (1, .bytes(let text)): piece.text = Array(text)
      case (2, .float(let score)): piece.score = score
      case (3, .integer(let kind)):
        guard let known = Kind(rawValue: Int(clamping: kind)) else {
          throw GroveError(.format, place, "\(kind) is no type of piece")
        }
        piece.kind = known
      default: return
      }
    }
    guard (1...UnigramModel.longestPiece).contains(piece.text.count), piece.score.isFinite else {
      throw GroveError(
        .format, place,
        "a piece of \(piece.text.count) bytes with the score \(piece.score); it has 1 to \(UnigramModel.longestPiece) "
          + "bytes and a finite score")
    }
    return piece
  }

  private mutating func readTrainer(_ message: ArraySlice<UInt8>, _ place: String) throws {
    try ProtocolBuffer.forEachField(of: message, at: "\(place) › trainer_spec") { field in
      guard case .integer(let value) = field.value else { return }
      switch field.number {
      case 3: modelType = Int(clamping: value)
      case 24: isSpaceLast = value != 0
      default: return
      }
    }
  }

  private mutating func readNormalizer(_ message: ArraySlice<UInt8>, _ place: String) throws {
    try ProtocolBuffer.forEachField(of: message, at: "\(place) › normalizer_spec") { field in
      switch (field.number, field.value) {
      case (2, .bytes(let map)): characterMap = Array(map)
      case (3, .integer(let value)): addsSpace = value != 0
      case (4, .integer(let value)): removesSpaces = value != 0
      case (5, .integer(let value)): escapesSpaces = value != 0
      default: return
      }
    }
  }

  /// A `.model` file, which the library reads too.
  public var bytes: [UInt8] {
    var file = ProtocolBufferWriter()
    for piece in pieces {
      file.append(1) { message in
        message.append(1, piece.text)
        message.append(2, piece.score)
        message.append(3, UInt64(piece.kind.rawValue))
      }
    }
    let vocabulary = pieces.count
    let unknown = pieces.firstIndex { $0.kind == .unknown } ?? 0
    let hasBytes = pieces.contains { $0.kind == .byte }
    file.append(2) { message in
      message.append(3, UInt64(modelType))
      message.append(4, UInt64(vocabulary))
      message.append(24, isSpaceLast)
      message.append(35, hasBytes)
      message.append(40, UInt64(unknown))
    }
    file.append(3) { message in
      message.append(2, characterMap)
      message.append(3, addsSpace)
      message.append(4, removesSpaces)
      message.append(5, escapesSpaces)
    }
    return file.bytes
  }
}
