/// Leaves out of pages what stood in one before: of every three sentences that follow each other, all but the first occurrence
/// (Raffel et al. 2019, arXiv:1910.10683, §2.2).
///
/// It remembers a hash of 64 bits of every three sentences; among a billion of them about three in a hundred runs would see
/// a repetition where there is none.
public struct RepeatedSpans: Sendable {
  private var seen: Set<UInt64> = []

  public init() {}

  /// A page without the sentences that repeat, its lines as they were; nil if none is left.
  /// - Complexity: linear in its length.
  public mutating func filtered(_ page: [UInt8]) -> [UInt8]? {
    let lines = page.split(separator: UInt8(ascii: "\n")).map(PageSentences.split)
    let sentences = lines.flatMap { $0 }
    var repeats = [Bool](repeating: false, count: sentences.count)
    if sentences.count >= 3 {
      for start in 0...sentences.count - 3 where !seen.insert(RepeatedSpans.hash(sentences[start..<start + 3])).inserted
      {
        for place in start..<start + 3 { repeats[place] = true }
      }
    }
    var place = 0
    let kept = lines.compactMap { line -> [UInt8]? in
      defer { place += line.count }
      let left = line.indices.filter { !repeats[place + $0] }.map { line[$0] }
      return left.isEmpty ? nil : Array(left.joined(separator: [UInt8(ascii: " ")]))
    }
    return kept.isEmpty ? nil : Array(kept.joined(separator: [UInt8(ascii: "\n")]))
  }

  /// FNV-1a over the sentences, each closed by a byte that no text has.
  private static func hash(_ sentences: ArraySlice<ArraySlice<UInt8>>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for sentence in sentences { for byte in sentence + [0xFF] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
    return hash
  }
}
