/// GPT-2's spelling of bytes as printable characters (Radford et al. 2019, `bytes_to_unicode`): how byte-level tokens
/// are written in a `tokenizer.json`. Printable Latin-1 bytes stand for themselves, the other 68 for U+0100 onwards.
enum ByteAlphabet {
  /// The character that stands for each byte.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      if isPrintable(byte) { return Unicode.Scalar(byte)! }
      defer { next += 1 }
      return Unicode.Scalar(next)!
    }
  }()

  /// The bytes in the order of their characters: the ids that a trained vocabulary starts with.
  static let bytesInCharacterOrder: [UInt8] = (0..<256).map { UInt8($0) }.sorted {
    characters[Int($0)].value < characters[Int($1)].value
  }

  private static let bytes: [Int16] = {
    var table = [Int16](repeating: -1, count: 0x100 + 68)
    for (byte, character) in characters.enumerated() { table[Int(character.value)] = Int16(byte) }
    return table
  }()

  /// The bytes that a token's text stands for, or nil if a character in it stands for none.
  static func bytes(of text: String) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    for character in text.unicodeScalars {
      guard character.value < bytes.count, bytes[Int(character.value)] >= 0 else { return nil }
      output.append(UInt8(bytes[Int(character.value)]))
    }
    return output
  }

  /// The text that stands for these bytes in a `tokenizer.json`.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var output = String.UnicodeScalarView()
    for byte in bytes { output.append(characters[Int(byte)]) }
    return String(output)
  }

  private static func isPrintable(_ byte: UInt32) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
  }
}
