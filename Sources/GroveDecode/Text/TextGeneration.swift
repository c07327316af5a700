/// A session whose tokens come out as text, up to a stop string.
///
/// ```swift
/// let generation = try TextGeneration(session, stops: ["\n\n"], bytes: tokenizer.bytes)
/// while let piece = try generation.next() { show(piece.text) }
/// ```
public final class TextGeneration {
  /// A token and the text that has become certain with it.
  public struct Piece: Sendable, Equatable {
    /// Nil for the last piece, if it is text that had been held back.
    public let token: GeneratedToken?
    /// Empty while a character or a possible stop string is incomplete.
    public let text: String
  }

  private let session: GenerationSession
  private var stream: TextStream
  private let bytes: (Int) -> [UInt8]

  /// Takes over a session; nobody else asks it for tokens from then on.
  /// - Parameters:
  ///   - stops: strings that end the text; no part of them is given out.
  ///   - bytes: what a token stands for; no bytes for special tokens.
  /// - Throws: `GroveError` with code `.argument` for an empty stop string.
  public init(_ session: GenerationSession, stops: [String], bytes: @escaping (Int) -> [UInt8]) throws {
    self.session = session
    stream = try TextStream(stops: stops)
    self.bytes = bytes
  }

  /// Why the text is at its end; nil while it is not.
  public var finish: FinishReason? { session.finish }

  /// The next piece; nil at the end. The joined pieces are the text.
  /// - Throws: as `GenerationSession.next()`.
  public func next() throws -> Piece? {
    guard let token = try session.next() else {
      let rest = stream.flush()
      return rest.isEmpty ? nil : Piece(token: nil, text: rest)
    }
    let text = stream.append(bytes(token.id))
    if stream.isStopped { session.end(.stopString) }
    return Piece(token: token, text: text)
  }
}
