import GroveCore

/// Turns the bytes of tokens into text that can be shown at once.
///
/// A piece that was given out is never taken back: a character whose bytes are not all there waits for them, and what may
/// be the beginning of a stop string waits until that is decided. The stop string that ends first ends the text, the
/// longest one if several end there. The joined pieces do not depend on how the bytes were cut.
public struct TextStream {
  /// Whether a stop string was found. Bytes that follow count nothing.
  public private(set) var isStopped = false
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  /// A stream without any text yet.
  /// - Parameter stops: strings that end the text and are not part of it.
  /// - Throws: `GroveError` with code `.argument` for an empty one.
  public init(stops: [String]) throws {
    if let index = stops.firstIndex(of: "") {
      throw GroveError(.argument, "stopStrings[\(index)]", "is empty, which would end every text at once")
    }
    self.stops = stops.map { Array($0.utf8) }
  }

  /// The text that has become certain with these bytes; often empty.
  /// - Complexity: O(bytes · length of the stop strings).
  public mutating func append(_ bytes: some Sequence<UInt8>) -> String {
    if isStopped { return "" }
    for byte in bytes {
      held.append(byte)
      guard let stop = longestStopAtEnd() else { continue }
      isStopped = true
      held.removeLast(stop)
      return flush()
    }
    return release(held.count - undecidedCount())
  }

  /// What was still held back; a character that never became whole is U+FFFD.
  public mutating func flush() -> String { release(held.count) }

  private mutating func release(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }

  /// Bytes of the longest stop string with which the held bytes end.
  private func longestStopAtEnd() -> Int? {
    stops.filter { held.count >= $0.count && held.suffix($0.count).elementsEqual($0) }.map(\.count).max()
  }

  /// Bytes at the end that may belong to a stop string or a character that is not yet whole.
  private func undecidedCount() -> Int {
    var undecided = 0
    for stop in stops {
      let longest = min(stop.count - 1, held.count)
      let count = (0...longest).last { held.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0
      undecided = max(undecided, count)
    }
    return undecided + incompleteCount(held.dropLast(undecided))
  }

  /// Bytes of a character at the end that lacks some; at most three.
  private func incompleteCount(_ bytes: ArraySlice<UInt8>) -> Int {
    for (index, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
      let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return needed > index + 1 ? index + 1 : 0
    }
    return 0
  }
}
