/// Decompositions, compositions, combining classes and lower case, expanded once per process from the generated texts.
// Safety: everything is written in `init` only.
final class NormalizationData: @unchecked Sendable {
  static let shared = NormalizationData()

  /// Of every code point: which forms change it, or may change it beside others, and whether it has a lower case.
  let flags: UnsafeMutablePointer<UInt8>
  static let hasLowercase: UInt8 = 16
  private let ranks: UnsafePointer<UInt8>
  private var canonical = ScalarMapping()
  private var compatible = ScalarMapping()
  private var lowercase = ScalarMapping()
  private var compositions: [UInt64: UInt32] = [:]

  private init() {
    flags = .allocate(capacity: 0x110000)
    flags.initialize(repeating: 0, count: 0x110000)
    ranks = CharacterClasses.expanded(combiningClassRuns)
    var uncomposed: Set<UInt32> = []
    canonical.read(canonicalDecompositions) { point, isExcluded in if isExcluded { uncomposed.insert(point) } }
    compatible.read(compatibilityDecompositions) { _, _ in }
    lowercase.read(lowercaseMappings) { _, _ in }
    makeCompositions(uncomposed)
    makeFlags(uncomposed)
  }

  /// The bit in `flags` that says that a form may change a character.
  func flag(_ form: UnicodeForm) -> UInt8 {
    switch form {
    case .nfd: 1
    case .nfkd: 2
    case .nfc: 4
    case .nfkc: 8
    }
  }

  /// The rank of the combining class among all classes; 0 for a character that no mark passes.
  @inline(__always)
  func rank(_ scalar: UInt32) -> UInt8 { ranks[Int(scalar)] }

  func decompose(_ scalar: UInt32, _ isCompatible: Bool, appendingTo output: inout [UInt32]) {
    if flags[Int(scalar)] & 3 == 0 { return output.append(scalar) }
    if let index = Hangul.syllableIndex(scalar) {
      return Hangul.decompose(index, appendingTo: &output)
    }
    if isCompatible, compatible.append(scalar, to: &output) { return }
    if !canonical.append(scalar, to: &output) { output.append(scalar) }
  }

  func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    Hangul.composition(first, second) ?? compositions[UInt64(first) << 32 | UInt64(second)]
  }

  /// Appends the lower case of a character.
  func lowercase(_ scalar: UInt32, appendingTo output: inout [UInt32]) {
    if !lowercase.append(scalar, to: &output) { output.append(scalar) }
  }

  private func makeCompositions(_ uncomposed: Set<UInt32>) {
    var pointOf: [[UInt32]: UInt32] = [:]
    canonical.forEach { point, scalars in
      if !uncomposed.contains(point) { pointOf[Array(scalars)] = point }
    }
    canonical.forEach { point, scalars in
      guard let last = scalars.last, scalars.count > 1, !uncomposed.contains(point) else { return }
      let rest = Array(scalars.dropLast())
      guard let first = rest.count == 1 ? rest[0] : pointOf[rest] else { return }
      compositions[UInt64(first) << 32 | UInt64(last)] = point
    }
  }

  private func makeFlags(_ uncomposed: Set<UInt32>) {
    for point in 0..<0x110000 where ranks[point] > 0 { flags[point] |= 15 }
    canonical.forEach { point, _ in flags[Int(point)] |= uncomposed.contains(point) ? 15 : 3 }
    compatible.forEach { point, _ in flags[Int(point)] |= 10 }
    for pair in compositions.keys { flags[Int(pair & 0xFFFF_FFFF)] |= 12 }
    for point in Hangul.syllables { flags[point] |= 3 }
    for point in Hangul.vowels { flags[point] |= 12 }
    for point in Hangul.finals { flags[point] |= 12 }
    lowercase.forEach { point, _ in flags[Int(point)] |= NormalizationData.hasLowercase }
  }
}

/// Code points and what each becomes.
struct ScalarMapping {
  private var ranges: [UInt32: (start: UInt32, count: UInt32)] = [:]
  private var scalars: [UInt32] = []

  /// Reads `point:scalars;` and `first+count:scalar;` in hexadecimal; white space between records is skipped.
  mutating func read(_ text: StaticString, _ body: (_ point: UInt32, _ isMarked: Bool) -> Void) {
    let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for record in bytes.split(separator: UInt8(ascii: ";")) {
      let sides = record.split(separator: UInt8(ascii: ":"))
      guard sides.count == 2 else { continue }
      let isMarked = sides[0].contains(UInt8(ascii: "!"))
      let head = ScalarMapping.numbers(sides[0])
      let to = ScalarMapping.numbers(sides[1])
      for step in 0..<(head.count > 1 ? head[1] : 1) {
        ranges[head[0] + step] = (UInt32(scalars.count), UInt32(to.count))
        scalars += head.count > 1 ? [to[0] + step] : to
        body(head[0] + step, isMarked)
      }
    }
  }

  private static func numbers(_ text: some Sequence<UInt8>) -> [UInt32] {
    var numbers: [UInt32] = []
    var isInside = false
    for byte in text {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        isInside = false
        continue
      }
      if isInside { numbers[numbers.count - 1] = numbers[numbers.count - 1] << 4 | UInt32(digit) }
      if !isInside { numbers.append(UInt32(digit)) }
      isInside = true
    }
    return numbers
  }

  /// Appends what a code point becomes; false if nothing is known of it.
  func append(_ point: UInt32, to output: inout [UInt32]) -> Bool {
    guard let range = ranges[point] else { return false }
    output.append(contentsOf: scalars[Int(range.start)..<Int(range.start + range.count)])
    return true
  }

  func forEach(_ body: (UInt32, ArraySlice<UInt32>) -> Void) {
    for (point, range) in ranges { body(point, scalars[Int(range.start)..<Int(range.start + range.count)]) }
  }
}

/// The arithmetic of Hangul syllables (The Unicode Standard §3.12).
enum Hangul {
  static let syllables = 0xAC00..<0xD7A4
  static let vowels = 0x1161..<0x1176
  static let finals = 0x11A8..<0x11C3

  static func syllableIndex(_ scalar: UInt32) -> UInt32? {
    syllables.contains(Int(scalar)) ? scalar - 0xAC00 : nil
  }

  static func decompose(_ index: UInt32, appendingTo output: inout [UInt32]) {
    output.append(0x1100 + index / 588)
    output.append(0x1161 + index % 588 / 28)
    if index % 28 > 0 { output.append(0x11A7 + index % 28) }
  }

  static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), vowels.contains(Int(second)) {
      return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    }
    guard let index = syllableIndex(first), index % 28 == 0, finals.contains(Int(second)) else { return nil }
    return first + second - 0x11A7
  }

  /// A vowel or final consonant, which belongs to the grapheme of the Hangul before it.
  static func isMedialOrFinal(_ scalar: UInt32) -> Bool {
    (0x1160...0x11FF).contains(scalar) || (0xD7B0...0xD7FB).contains(scalar)
  }

  /// Any conjoining jamo or syllable.
  static func isHangul(_ scalar: UInt32) -> Bool {
    (0x1100...0x11FF).contains(scalar) || (0xA960...0xA97C).contains(scalar) || (0xAC00...0xD7FB).contains(scalar)
  }
}
