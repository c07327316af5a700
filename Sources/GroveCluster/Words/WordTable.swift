import GroveTokenizer

/// What the reader of words asks about a character: whether it belongs to a word, and its lower case.
///
/// Letters and numbers of Unicode are word characters, and so is the underscore: Python's `\w`, which knows no
/// combining marks. Case comes from the standard library's Unicode data.
// Safety: the memory is written before the value is published, and never after.
struct WordTable: @unchecked Sendable {
  static let word: UInt8 = 1
  /// Python's `isdigit`: decimal digits and those that are raised or circled, not fractions or Roman numerals.
  static let digit: UInt8 = 2
  /// Of a letter with upper and lower case.
  static let cased: UInt8 = 4
  /// What is passed over in the search for the letters around a final sigma.
  static let ignorable: UInt8 = 8

  static let shared = WordTable()

  /// Characters above have no case and are no digits.
  static let limit = 0x20000
  /// The lower case of an ASCII word character, 0 for every other byte.
  let ascii: UnsafePointer<UInt8>
  private let flags: UnsafePointer<UInt8>
  private let lower: UnsafePointer<UInt32>
  private let classes: UnsafePointer<UInt8>

  private init() {
    let flags = UnsafeMutablePointer<UInt8>.allocate(capacity: WordTable.limit)
    let lower = UnsafeMutablePointer<UInt32>.allocate(capacity: WordTable.limit)
    let ascii = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    let classes = CharacterClasses.shared.table
    ascii.initialize(repeating: 0, count: 256)
    for code in 0..<WordTable.limit {
      var (flag, small) = (UInt8(0), UInt32(code))
      if let scalar = Unicode.Scalar(UInt32(code)), WordTable.isWord(classes[code], code) {
        flag = WordTable.flags(scalar)
        // Of all characters only U+0130 has a longer lower case; the reader knows it.
        if scalar.properties.changesWhenLowercased, let first = scalar.properties.lowercaseMapping.unicodeScalars.first
        {
          small = first.value
        }
        if code < 0x80 { ascii[code] = UInt8(small) }
      }
      (flags + code).initialize(to: flag)
      (lower + code).initialize(to: small)
    }
    self.flags = UnsafePointer(flags)
    self.lower = UnsafePointer(lower)
    self.ascii = UnsafePointer(ascii)
    self.classes = classes
  }

  private static func isWord(_ entry: UInt8, _ code: Int) -> Bool {
    let kind = entry & CharacterClasses.mask
    return kind == CharacterClasses.letter || kind == CharacterClasses.number || code == 0x5F
  }

  private static func flags(_ scalar: Unicode.Scalar) -> UInt8 {
    let properties = scalar.properties
    let isDigit = properties.numericType == .decimal || properties.numericType == .digit
    return word | (isDigit ? digit : 0) | (properties.isCased ? cased : 0)
      | (properties.isCaseIgnorable ? ignorable : 0)
  }

  @inline(__always)
  func flags(of code: Int) -> UInt8 {
    code < WordTable.limit ? flags[code] : WordTable.isWord(classes[code], code) ? WordTable.word : 0
  }

  @inline(__always)
  func lowerCase(of code: Int) -> Int { code < WordTable.limit ? Int(lower[code]) : code }
}
