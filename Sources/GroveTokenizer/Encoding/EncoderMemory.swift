/// What one encoder works with: its cache, room for ids on their way out, and the mergers.
final class EncoderMemory: @unchecked Sendable {  // Safety: its only owner is one encoder, checked before each use.
  private let tables: EncodingTables
  private let cache = WordCache(slotBits: 15)
  private var shortWords: ShortWordMerger
  private let output: UnsafeMutablePointer<UInt32>
  private var outputCount = 0
  private static let outputCapacity = 4096
  /// The bytes of a word that stands too near the end of its buffer to be read in eights.
  private let padded: UnsafeMutableRawPointer
  private static let paddedBytes = 24

  init(_ tables: EncodingTables) {
    self.tables = tables
    shortWords = ShortWordMerger(tables.merges)
    output = .allocate(capacity: EncoderMemory.outputCapacity)
    output.initialize(repeating: 0, count: EncoderMemory.outputCapacity)
    padded = .allocate(byteCount: EncoderMemory.paddedBytes, alignment: 8)
    padded.initializeMemory(as: UInt8.self, repeating: 0, count: EncoderMemory.paddedBytes)
  }

  deinit {
    output.deallocate()
    padded.deallocate()
  }

  /// Hands over the ids that wait.
  func flush(to ids: inout [UInt32]) {
    ids.append(contentsOf: UnsafeBufferPointer(start: output, count: outputCount))
    outputCount = 0
  }

  /// Appends the id of an added token.
  func append(_ section: AddedTokenMatcher.Section, _ ids: inout [UInt32]) {
    guard case .token(let id) = section else { return }
    flush(to: &ids)
    ids.append(id)
  }

  /// Splits and merges text in which no added token stands.
  func encode(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [UInt32], _ statistics: inout EncodingStatistics) {
    guard let bytes = text.baseAddress else { return }
    let cursor = TextCursor(bytes)
    let end = text.count
    var start = 0
    var counts = EncodingStatistics()
    while start < end {
      let pieceEnd = tables.preTokenizer.pieceEnd(cursor, start, end)
      let count = pieceEnd - start
      if outputCount + ShortWordMerger.longestWord > EncoderMemory.outputCapacity { flush(to: &ids) }
      counts.pieces += 1
      if count <= WordCache.longestWord {
        encodeCached(bytes + start, count, readable: end - start, &counts)
      } else if count <= ShortWordMerger.longestWord {
        outputCount += merge(bytes + start, count, output + outputCount, &counts)
      } else {
        flush(to: &ids)
        mergeLong(bytes + start, count, &ids, &counts)
      }
      start = pieceEnd
    }
    statistics.pieces += counts.pieces
    statistics.cacheHits += counts.cacheHits
    statistics.mergeSteps += counts.mergeSteps
  }

  @inline(__always)
  private func encodeCached(
    _ word: UnsafePointer<UInt8>, _ count: Int, readable: Int, _ counts: inout EncodingStatistics
  ) {
    let key: WordCache.Key
    if readable >= EncoderMemory.paddedBytes {
      key = WordCache.key(word, count: count)
    } else {
      padded.copyMemory(from: word, byteCount: count)
      key = WordCache.key(padded, count: count)
    }
    let slot = cache.slot(key)
    let target = output + outputCount
    let cached = cache.take(key, slot, to: target)
    if cached > 0 {
      counts.cacheHits += 1
      outputCount += cached
      return
    }
    let merged = merge(word, count, target, &counts)
    if merged <= WordCache.mostIDs { cache.store(key, slot, target, count: merged) }
    outputCount += merged
  }

  /// Writes the ids of a word of at most 64 bytes to `target`; how many there are.
  private func merge(
    _ word: UnsafePointer<UInt8>, _ count: Int, _ target: UnsafeMutablePointer<UInt32>,
    _ counts: inout EncodingStatistics
  ) -> Int {
    if let whole = tables.wholeWord(UnsafeBufferPointer(start: word, count: count)) {
      target[0] = whole
      return 1
    }
    for place in 0..<count { target[place] = tables.byteID(word[place]) }
    return shortWords.merge(target, count: count, steps: &counts.mergeSteps)
  }

  private func mergeLong(
    _ word: UnsafePointer<UInt8>, _ count: Int, _ ids: inout [UInt32], _ counts: inout EncodingStatistics
  ) {
    if let whole = tables.wholeWord(UnsafeBufferPointer(start: word, count: count)) { return ids.append(whole) }
    var merger = LongWordMerger(tables.merges, byteCount: count) { tables.byteID(word[$0]) }
    merger.merge(appendingTo: &ids)
    counts.mergeSteps += merger.steps
  }
}
