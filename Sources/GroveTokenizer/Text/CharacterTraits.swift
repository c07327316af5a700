/// What normalizers and BERT's splits ask of a character, in one flat table of a byte per code point.
// Safety: the memory is written before the value is published, and never after.
struct CharacterTraits: @unchecked Sendable {
  /// Punctuation to `Punctuation` and BERT: ASCII symbols, too.
  static let punctuation: UInt8 = 1
  /// A number to `Digits`.
  static let numeric: UInt8 = 2
  /// Removed by BERT's cleaning: controls, unassigned, U+FFFD.
  static let control: UInt8 = 4
  /// A nonspacing mark (`Mn`).
  static let nonspacing: UInt8 = 8
  /// A mark of any kind (`M`).
  static let combining: UInt8 = 16
  /// Belongs to the grapheme of the character before it.
  static let joins: UInt8 = 32
  /// Draws the character after it into its grapheme.
  static let draws: UInt8 = 64
  /// An ideograph that BERT puts spaces around.
  static let ideograph: UInt8 = 128

  static let shared = CharacterTraits()

  /// Indexed by code point.
  let table: UnsafePointer<UInt8>

  private init() { table = CharacterClasses.expanded(characterTraitRuns) }

  @inline(__always)
  func has(_ trait: UInt8, _ scalar: UInt32) -> Bool { table[Int(scalar)] & trait != 0 }
}
