/// The class of every Unicode character as the splits need it, in one flat table of a byte per code point.
///
/// The table takes 1.1 MB, of which only the scripts that a text uses are ever touched; expanding it takes well under a
/// millisecond, once per process.
// Safety: the memory is written before the value is published, and never after.
package struct CharacterClasses: @unchecked Sendable {
  /// Neither letter, number nor white space: punctuation, symbols, marks, controls, unassigned, and bytes that are not UTF-8.
  package static let other: UInt8 = 0
  package static let letter: UInt8 = 1
  package static let number: UInt8 = 2
  package static let space: UInt8 = 3
  /// Picks one of the four classes out of a table entry.
  package static let mask: UInt8 = 3
  /// Set in the table entry of what regular expressions call a word character (`\w`).
  package static let word: UInt8 = 4
  /// Set for `\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}`: what may start a word in o200k's split.
  package static let upper: UInt8 = 8
  /// Set for `\p{Ll}\p{Lm}\p{Lo}\p{M}`. What is `other` and in both sets is a mark.
  package static let lower: UInt8 = 16
  /// Set for `\p{P}`.
  package static let punctuation: UInt8 = 32
  /// Set for `\p{S}`.
  package static let symbol: UInt8 = 64

  package static let shared = CharacterClasses()

  /// Indexed by code point, so that its first 128 entries are also the table for ASCII bytes.
  package let table: UnsafePointer<UInt8>

  private init() {
    table = CharacterClasses.expanded(characterClassRuns)
  }

  /// A table of a byte per code point from the runs `first code point << 8 | byte`.
  static func expanded(_ runs: [UInt32]) -> UnsafePointer<UInt8> {
    let limit = 0x110000
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: limit)
    for (index, run) in runs.enumerated() {
      let start = Int(run >> 8)
      let end = index + 1 < runs.count ? Int(runs[index + 1] >> 8) : limit
      (memory + start).initialize(repeating: UInt8(truncatingIfNeeded: run), count: end - start)
    }
    return UnsafePointer(memory)
  }
}
