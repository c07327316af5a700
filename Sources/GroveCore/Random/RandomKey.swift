/// A key of a counter-based random generator: a value, so that nothing depends on what was drawn before.
///
/// `key.split("name")` derives an independent key, `key.bits(i)` is the i-th 64-bit draw of this one. The same key
/// gives the same draws on every machine. It is not for cryptography.
///
/// - Source: the mixing function is SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
public struct RandomKey: Hashable, Codable, Sendable {
  /// The state from which everything is derived.
  public let value: UInt64

  /// The seed is mixed, so that neighbouring seeds give unrelated draws.
  public init(seed: UInt64) { value = RandomKey.mixed(seed &+ 0x9E37_79B9_7F4A_7C15) }
  private init(value: UInt64) { self.value = value }

  /// An independent key for a named part.
  public func split(_ name: String) -> RandomKey {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a over UTF-8
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return RandomKey(value: RandomKey.mixed(value ^ RandomKey.mixed(hash)))
  }

  /// An independent key for a numbered part: a step, a layer, an epoch.
  public func split(_ index: Int) -> RandomKey {
    RandomKey(
      value: RandomKey.mixed(value ^ RandomKey.mixed(UInt64(bitPattern: Int64(index)) &+ 0xD1B5_4A32_D192_ED03)))
  }

  /// The draw number `counter`: 64 uniform bits.
  public func bits(_ counter: Int) -> UInt64 {
    RandomKey.mixed(value &+ UInt64(bitPattern: Int64(counter)) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// The draw number `counter`, uniform in [0, 1) with 53 bits.
  public func uniform(_ counter: Int) -> Double { Double(bits(counter) >> 11) * 0x1p-53 }

  /// A generator that walks through the draws of this key.
  public func generator() -> RandomGenerator { RandomGenerator(key: self) }

  private static func mixed(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The draws of one key in order, for the standard library's `shuffled(using:)` and the like.
public struct RandomGenerator: RandomNumberGenerator, Sendable {
  private let key: RandomKey
  private var counter = 0

  /// Begins with draw 0 of the key.
  public init(key: RandomKey) { self.key = key }

  public mutating func next() -> UInt64 {
    defer { counter += 1 }
    return key.bits(counter)
  }

  /// Uniform in [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
