public import GroveCore

/// Changes to an input of a parser: of its bytes, or of the values of a JSON text.
public enum FuzzMutation {
  /// Numbers at which something overflows or ends.
  private static let numbers: [UInt64] = [
    0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 40,
    1 << 62, .max >> 1, 1 << 63, .max,
  ]

  /// Values that a reader may not expect.
  private static let values: [JSONValue] = [
    nil, true, 0, -1, 1, 256, 4_294_967_296, .integer(.max), .integer(.min), 0.5, 1e300, "", "a", "../../etc/passwd",
    "\u{2581}", [], [:], [[]], ["type": "Sequence"], .string(String(repeating: "a", count: 1025)),
  ]

  /// The bytes with a few changes.
  public static func mutated(_ bytes: [UInt8], _ random: inout RandomGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...Int.random(in: 0..<4, using: &random) {
      guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &random)] }
      let place = Int.random(in: bytes.indices, using: &random)
      let end = min(bytes.count, place + Int.random(in: 1...16, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.removeSubrange(place...)
      case 5: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      default:
        let number = numbers.randomElement(using: &random) ?? 0
        let width = [1, 2, 4, 8].randomElement(using: &random) ?? 8
        for offset in 0..<width where place + offset < bytes.count {
          bytes[place + offset] = UInt8(truncatingIfNeeded: number >> UInt64(8 * offset))
        }
      }
    }
    return bytes
  }

  /// The value with one of its parts replaced, removed, doubled, or swapped for another part of it.
  public static func mutated(_ value: JSONValue, _ random: inout RandomGenerator) -> JSONValue {
    let count = parts(of: value)
    var place = Int.random(in: 0..<count, using: &random)
    let other = part(Int.random(in: 0..<count, using: &random), of: value)
    let kind = Int.random(in: 0..<5, using: &random)
    let fresh = values.randomElement(using: &random) ?? nil
    return changing(value, at: &place) { old in
      switch (kind, old) {
      case (0, _): return [fresh]
      case (1, _): return []
      case (2, _): return [old, old]
      case (3, .object(let members)):
        let key = members.randomElement(using: &random)?.key ?? "type"
        return [.object(members + [(key, fresh)])]
      case (3, .string(let text)): return [.string(text + (fresh.stringValue ?? "x"))]
      case (3, .integer(let number)): return [.integer(number &+ [-1, 1, 255].randomElement(using: &random)!)]
      default: return [other]
      }
    }.first ?? nil
  }

  private static func children(_ value: JSONValue) -> [JSONValue] {
    value.arrayValue ?? value.objectValue?.map(\.value) ?? []
  }

  private static func parts(of value: JSONValue) -> Int { children(value).reduce(1) { $0 + parts(of: $1) } }

  private static func part(_ index: Int, of value: JSONValue) -> JSONValue {
    if index == 0 { return value }
    var left = index - 1
    for child in children(value) {
      let count = parts(of: child)
      if left < count { return part(left, of: child) }
      left -= count
    }
    return value
  }

  /// What stands in the place of a value when one of its parts is changed: the one that `left` parts precede.
  private static func changing(
    _ value: JSONValue, at left: inout Int, _ change: (JSONValue) -> [JSONValue]
  ) -> [JSONValue] {
    guard left >= 0 else { return [value] }
    let isThis = left == 0
    left -= 1
    if isThis { return change(value) }
    switch value {
    case .array(let elements): return [.array(elements.flatMap { changing($0, at: &left, change) })]
    case .object(let members):
      return [
        .object(members.flatMap { member in changing(member.value, at: &left, change).map { (member.key, $0) } })
      ]
    default: return [value]
    }
  }
}
