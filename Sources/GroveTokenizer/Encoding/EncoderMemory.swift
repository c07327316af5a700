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
  private var cutter: PieceCutter
  private var splitEnds: [Int]
  private var nodes: [UnigramModel.Node] = []
  private var found: [UInt32] = []

  init(_ tables: EncodingTables) {
    self.tables = tables
    shortWords = ShortWordMerger(tables.merges)
    switch tables.cutting {
    case .steps(let steps): (cutter, splitEnds) = (PieceCutter(steps), [])
    case .splits(let splits): (cutter, splitEnds) = (PieceCutter([]), splits.map { _ in 0 })
    case .split: (cutter, splitEnds) = (PieceCutter([]), [0])
    }
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

  /// Cuts text in which no added token stands, and encodes its pieces.
  /// - Parameter isStart: whether the text stands at the start of the document.
  func encode(
    _ text: UnsafeBufferPointer<UInt8>, isStart: Bool, _ ids: inout [UInt32], _ statistics: inout EncodingStatistics
  ) {
    guard let bytes = text.baseAddress else { return }
    var counts = EncodingStatistics()
    switch tables.cutting {
    case .split(let split):
      if split.dropsSpace {
        encode(bytes, text.count, by: [split], &ids, &counts)
      } else {
        let cursor = TextCursor(bytes)
        var start = 0
        while start < text.count {
          let end = split.pieceEnd(cursor, start, text.count)
          encodePiece(bytes, start, end, text.count, &ids, &counts)
          start = end
        }
      }
    case .splits(let splits): encode(bytes, text.count, by: splits, &ids, &counts)
    case .steps:
      cutter.cut(text, isStart: isStart)
      cutter.bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for piece in cutter.pieces {
          encodePiece(base, piece.lowerBound, piece.upperBound, buffer.count, &ids, &counts)
        }
      }
    }
    statistics.pieces += counts.pieces
    statistics.cacheHits += counts.cacheHits
    statistics.mergeSteps += counts.mergeSteps
  }

  /// Each split cuts the pieces of the one before it: the end of the innermost piece is found from the outermost in.
  private func encode(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, by splits: [TextSplit], _ ids: inout [UInt32],
    _ counts: inout EncodingStatistics
  ) {
    let cursor = TextCursor(bytes)
    let drops = splits.contains { $0.dropsSpace }
    splitEnds.withUnsafeMutableBufferPointer { ends in
      for level in ends.indices { ends[level] = 0 }
      var start = 0
      while start < count {
        var end = count
        for level in splits.indices {
          if ends[level] <= start { ends[level] = splits[level].pieceEnd(cursor, start, end) }
          end = ends[level]
        }
        if !drops || cursor.character(at: start, end).kind != CharacterClasses.space {
          encodePiece(bytes, start, end, count, &ids, &counts)
        }
        start = end
      }
    }
  }

  @inline(__always)
  private func encodePiece(
    _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ total: Int, _ ids: inout [UInt32],
    _ counts: inout EncodingStatistics
  ) {
    let count = end - start
    if outputCount + ShortWordMerger.longestWord > EncoderMemory.outputCapacity { flush(to: &ids) }
    counts.pieces += 1
    if count <= WordCache.longestWord {
      encodeCached(bytes + start, count, readable: total - start, &counts)
    } else if count <= ShortWordMerger.longestWord {
      outputCount += encodeShort(bytes + start, count, output + outputCount, &counts)
    } else {
      flush(to: &ids)
      encodeLong(UnsafeBufferPointer(start: bytes + start, count: count), &ids, &counts)
    }
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
    let found = encodeShort(word, count, target, &counts)
    if found <= WordCache.mostIDs { cache.store(key, slot, target, count: found) }
    outputCount += found
  }

  /// Writes the ids of a word of at most 64 bytes to `target`; how many there are.
  private func encodeShort(
    _ word: UnsafePointer<UInt8>, _ count: Int, _ target: UnsafeMutablePointer<UInt32>,
    _ counts: inout EncodingStatistics
  ) -> Int {
    let bytes = UnsafeBufferPointer(start: word, count: count)
    switch tables.model {
    case .bytePair(let model):
      if let whole = tables.wholeWord(bytes) {
        target[0] = whole
        return 1
      }
      var units = 0
      if tables.hasByteIDs {
        for place in 0..<count { target[place] = tables.byteID(word[place]) }
        units = count
      } else {
        model.forEachUnit(of: bytes, tables.vocabulary) {
          target[units] = $0
          units += 1
        }
      }
      return shortWords.merge(target, count: units, steps: &counts.mergeSteps)
    case .unigram, .wordPiece:
      found.removeAll(keepingCapacity: true)
      search(bytes, &found, &counts)
      for (place, id) in found.enumerated() { target[place] = id }
      return found.count
    }
  }

  private func encodeLong(
    _ word: UnsafeBufferPointer<UInt8>, _ ids: inout [UInt32], _ counts: inout EncodingStatistics
  ) {
    guard case .bytePair(let model) = tables.model else { return search(word, &ids, &counts) }
    if let whole = tables.wholeWord(word) { return ids.append(whole) }
    var merger: LongWordMerger
    if tables.hasByteIDs {
      merger = LongWordMerger(tables.merges, count: word.count) { tables.byteID(word[$0]) }
    } else {
      var units: [UInt32] = []
      units.reserveCapacity(word.count)
      model.forEachUnit(of: word, tables.vocabulary) { units.append($0) }
      merger = LongWordMerger(tables.merges, count: units.count) { units[$0] }
    }
    merger.merge(appendingTo: &ids)
    counts.mergeSteps += merger.steps
  }

  /// The ids of a word by a model that searches the vocabulary.
  private func search(
    _ word: UnsafeBufferPointer<UInt8>, _ ids: inout [UInt32], _ counts: inout EncodingStatistics
  ) {
    switch tables.model {
    case .unigram(let model): model.encode(word, &nodes, steps: &counts.mergeSteps, appendingTo: &ids)
    case .wordPiece(let model): model.encode(word, steps: &counts.mergeSteps, appendingTo: &ids)
    case .bytePair: preconditionFailure("a BPE model merges")
    }
  }
}
