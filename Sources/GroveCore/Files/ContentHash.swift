import Crypto
public import Foundation

/// SHA-256 of bytes and files, as lower-case hexadecimal: the fingerprint of everything that Grove writes.
public struct ContentHash: Sendable {
  private var hasher = SHA256()

  public init() {}

  /// Appends bytes; where one piece ends and the next begins does not matter.
  public mutating func update(_ bytes: some DataProtocol) { hasher.update(data: bytes) }
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
  /// Appends the UTF-8 bytes of a text.
  public mutating func update(_ text: String) { hasher.update(data: Array(text.utf8)) }

  /// 64 lower-case hexadecimal digits.
  public func hexadecimal() -> String {
    hasher.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// The hash of a whole file, read in pieces of 4 MiB.
  public static func ofFile(_ url: URL) throws -> String {
    var hash = ContentHash()
    let file = try FileReader(url)
    try file.forEachPiece(ofBytes: 4 << 20) { hash.update($0) }
    return hash.hexadecimal()
  }

  /// The hash of a text's UTF-8 bytes.
  public static func of(_ text: String) -> String {
    var hash = ContentHash()
    hash.update(text)
    return hash.hexadecimal()
  }
}
