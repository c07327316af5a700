/// Names of files for names that people give.
public enum FileName {
  /// Letters, digits and `._-` of a name stay, other bytes become `%XX`, and so does a dot in front: the name of one file,
  /// another one for every name, that never leads out of its folder.
  public static func escaping(_ name: String) -> String {
    name.utf8.enumerated().map { position, byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"):
        return String(UnicodeScalar(byte))
      case UInt8(ascii: ".") where position > 0:
        return "."
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }.joined()
  }
}
