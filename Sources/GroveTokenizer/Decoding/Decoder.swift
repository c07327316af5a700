/// How tokens become text: the `decoder` of a `tokenizer.json`.
///
/// A decoder maps the spellings of tokens, which are then joined. Without one they are joined with spaces.
public indirect enum Decoder: Sendable, Hashable {
  /// Characters of the byte alphabet become bytes; ill-formed ones read as U+FFFD.
  case byteLevel
  /// Runs of `<0x..>` become characters; every byte of a run that is not UTF-8 becomes U+FFFD.
  case byteFallback
  /// All tokens become one, so that what follows sees the whole text.
  case fuse
  /// The mark becomes a space, and in the first token nothing, unless no mark is ever prepended.
  case metaspace(Metaspace)
  /// Every match becomes the text.
  case replace(TextPattern, with: String)
  /// Up to so many of this character are removed from both ends of every token.
  case strip(Unicode.Scalar, start: Int, stop: Int)
  /// One of this character is removed from the start of the first token: sentencepiece's space in front.
  case stripFirst(Unicode.Scalar)
  /// One of this character is removed from the start of each token up to the first that keeps something: what sentencepiece
  /// does where it removes extra white space.
  case stripLeading(Unicode.Scalar)
  /// Tokens are joined with spaces, but for those that continue a word.
  case wordPiece(continuation: String, cleanup: Bool)
  /// The suffix becomes a space, but for that of the last token.
  case suffix(String)
  /// One after another.
  case sequence([Decoder])

  /// The bytes of text that spelled tokens stand for.
  static func text(of tokens: [[UInt8]], by decoder: Decoder?) -> [UInt8] {
    guard let decoder else { return Array(tokens.joined(separator: [UInt8(ascii: " ")])) }
    return Array(decoder.apply(tokens).joined())
  }

  func apply(_ tokens: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .byteLevel: return [ByteLevelDecoding.joined(tokens)]
    case .byteFallback: return Decoder.joiningBytes(tokens)
    case .fuse: return [Array(tokens.joined())]
    case .metaspace(let metaspace): return Decoder.unmarked(tokens, metaspace)
    case .replace(let pattern, let text):
      let replacement = Array(text.utf8)
      return tokens.map { token in
        token.withUnsafeBufferPointer { pattern.replacing($0, with: replacement) } ?? token
      }
    case .strip(let character, let start, let stop):
      return tokens.map { Decoder.stripped($0, Array(String(Character(character)).utf8), start, stop) }
    case .stripFirst(let character):
      guard let first = tokens.first else { return tokens }
      return [Decoder.stripped(first, Array(String(Character(character)).utf8), 1, 0)] + tokens.dropFirst()
    case .stripLeading(let character):
      let bytes = Array(String(Character(character)).utf8)
      let rest = tokens.drop { $0 == bytes }
      return rest.prefix(1).map { Decoder.stripped($0, bytes, 1, 0) } + rest.dropFirst()
    case .wordPiece(let continuation, let cleanup):
      return WordPieceDecoding.joined(tokens, Array(continuation.utf8), cleanup: cleanup)
    case .suffix(let suffix):
      return tokens.enumerated().map { index, token in
        let space = index == tokens.count - 1 ? [] : [UInt8(ascii: " ")]
        return token.replacing(bytes: Array(suffix.utf8), with: space) ?? token
      }
    case .sequence(let steps): return steps.reduce(tokens) { $1.apply($0) }
    }
  }

  private static func joiningBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var output: [[UInt8]] = []
    var run: [UInt8] = []
    func flush() {
      guard !run.isEmpty else { return }
      let isText = run.withUnsafeBufferPointer { UTF8Check.firstProblem(in: $0) == nil }
      if isText { output.append(run) } else { output += run.map { _ in [0xEF, 0xBF, 0xBD] } }
      run = []
    }
    for token in tokens {
      if let byte = ByteTokens.byte(of: token) {
        run.append(byte)
      } else {
        flush()
        output.append(token)
      }
    }
    flush()
    return output
  }

  private static func unmarked(_ tokens: [[UInt8]], _ metaspace: Metaspace) -> [[UInt8]] {
    let mark = metaspace.markBytes
    return tokens.enumerated().map { index, token in
      // The first token loses every mark, as in `tokenizers`: only its first one can have been added.
      let space = index == 0 && metaspace.prepending != .never ? [] : [UInt8(ascii: " ")]
      return token.replacing(bytes: mark, with: space) ?? token
    }
  }

  private static func stripped(_ token: [UInt8], _ character: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
    var rest = token[...]
    var taken = 0
    while taken < start, rest.starts(with: character) {
      rest = rest.dropFirst(character.count)
      taken += 1
    }
    taken = 0
    while taken < stop, rest.count >= character.count, rest.suffix(character.count).elementsEqual(character) {
      rest = rest.dropLast(character.count)
      taken += 1
    }
    return Array(rest)
  }
}

/// Tokens of the byte alphabet.
enum ByteLevelDecoding {
  /// A token with a character outside the alphabet (an added token, say) is text already.
  static func joined(_ tokens: [[UInt8]]) -> [UInt8] {
    var output: [UInt8] = []
    for token in tokens {
      output += ByteAlphabet.bytes(of: String(decoding: token, as: UTF8.self)) ?? token
    }
    return output.withUnsafeBufferPointer { UTF8Check.repaired($0) }
  }
}

/// WordPiece's spaces, and what its cleanup takes back.
enum WordPieceDecoding {
  static func joined(_ tokens: [[UInt8]], _ continuation: [UInt8], cleanup: Bool) -> [[UInt8]] {
    tokens.enumerated().map { index, token in
      var text = token
      if index > 0 {
        if token.starts(with: continuation) {
          text = Array(token.dropFirst(continuation.count))
        } else {
          text = [UInt8(ascii: " ")] + token
        }
      }
      return cleanup ? cleaned(text) : text
    }
  }

  private static let replacements: [(String, String)] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ]

  private static func cleaned(_ text: [UInt8]) -> [UInt8] {
    replacements.reduce(text) { $0.replacing(bytes: Array($1.0.utf8), with: Array($1.1.utf8)) ?? $0 }
  }
}
