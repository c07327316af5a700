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

  package static let shared = CharacterClasses()

  /// Indexed by code point, so that its first 128 entries are also the table for ASCII bytes.
  package let table: UnsafePointer<UInt8>

  private init() {
    let limit = 0x110000
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: limit)
    for (index, run) in characterClassRuns.enumerated() {
      let start = Int(run >> 3)
      let end = index + 1 < characterClassRuns.count ? Int(characterClassRuns[index + 1] >> 3) : limit
      (memory + start).initialize(repeating: UInt8(run & 7), count: end - start)
    }
    table = UnsafePointer(memory)
  }
}
