/// Learns merges from counted words: the most frequent pair becomes a token, again and again.
///
/// Only the words where the merged pair occurs are visited, and only the counts that change are touched; a queue whose
/// stale entries are corrected when they surface gives the next pair. Counts have 64 bits.
///
/// - Source: Sennrich et al. 2016 (arXiv:1508.07909) §3.2. Ties go to the pair of smaller ids, as in `tokenizers`.
struct MergeLearner {
  private(set) var vocabulary: Vocabulary
  private(set) var merges: [Merge] = []
  private var symbols: [UInt32] = []
  private var starts: [Int] = []
  private var lengths: [UInt32] = []
  private var counts: [Int64] = []
  private var pairs = PairTable()
  private var queue = PairQueue()
  /// Records whose count rose during this merge.
  private var raised: [Int] = []

  /// - Parameter vocabulary: the special tokens and a token for every byte.
  init(_ words: WordCounts, _ vocabulary: Vocabulary) {
    self.vocabulary = vocabulary
    let byteIDs = (0..<256).map { vocabulary.id(of: [UInt8($0)])! }
    words.forEach { word, count in
      guard word.count > 1 else { return }
      starts.append(symbols.count)
      lengths.append(UInt32(word.count))
      counts.append(count)
      for byte in word { symbols.append(byteIDs[Int(byte)]) }
    }
    for word in starts.indices {
      let start = starts[word]
      for place in start..<start + Int(lengths[word]) - 1 {
        let index = pairs.index(of: PairTable.pair(symbols[place], symbols[place + 1]))
        pairs.add(counts[word], at: index)
        pairs.link(UInt32(word), at: index)
      }
    }
    for record in pairs.records { queue.push(.init(count: record.count, pair: record.pair)) }
  }

  /// Learns until the vocabulary has `size` tokens or no pair occurs `minimumFrequency` times.
  mutating func learn(until size: Int, minimumFrequency: Int64, _ progress: (Int) -> Void) {
    while vocabulary.count < size, let pair = nextPair(), pair.count >= max(1, minimumFrequency) {
      merge(pair.pair)
      progress(vocabulary.count)
    }
  }

  /// The pair that occurs most often now.
  private mutating func nextPair() -> PairQueue.Entry? {
    while let top = queue.pop() {
      let count = pairs.count(of: top.pair)
      if count == top.count { return top }
      if count > 0 { queue.push(.init(count: count, pair: top.pair)) }
    }
    return nil
  }

  private mutating func merge(_ pair: UInt64) {
    let left = UInt32(pair >> 32)
    let right = UInt32(truncatingIfNeeded: pair)
    let bytes = Array(vocabulary.bytes(of: left)!) + vocabulary.bytes(of: right)!
    let result: UInt32
    if let known = vocabulary.id(of: bytes) {  // two ways to the same token
      result = known
    } else {
      result = UInt32(vocabulary.count)
      vocabulary.append(bytes, findable: true)
    }
    let merge = Merge(left: left, right: right, result: result)
    merges.append(merge)
    let record = pairs.index(of: pair)
    let words = pairs.takeWords(at: record)
    for word in words { apply(merge, to: Int(word)) }
    _ = pairs.takeWords(at: record)  // in "aaa" the pair is met once more while it goes
    for index in raised where pairs.records[index].count > 0 {
      queue.push(.init(count: pairs.records[index].count, pair: pairs.records[index].pair))
    }
    raised.removeAll(keepingCapacity: true)
  }

  /// Replaces the pair in one word, from the left, and moves the counts of the neighbours along.
  private mutating func apply(_ merge: Merge, to word: Int) {
    let start = starts[word]
    let end = start + Int(lengths[word])
    var from = start
    var to = start
    while from < end {
      guard symbols[from] == merge.left, from + 1 < end, symbols[from + 1] == merge.right else {
        symbols[to] = symbols[from]
        from += 1
        to += 1
        continue
      }
      if to > start { replace(symbols[to - 1], merge.left, by: symbols[to - 1], merge.result, word) }
      if from + 2 < end { replace(merge.right, symbols[from + 2], by: merge.result, symbols[from + 2], word) }
      symbols[to] = merge.result
      from += 2
      to += 1
    }
    lengths[word] = UInt32(to - start)
  }

  private mutating func replace(
    _ oldLeft: UInt32, _ oldRight: UInt32, by newLeft: UInt32, _ newRight: UInt32, _ word: Int
  ) {
    pairs.add(-counts[word], at: pairs.index(of: PairTable.pair(oldLeft, oldRight)))
    let index = pairs.index(of: PairTable.pair(newLeft, newRight))
    pairs.add(counts[word], at: index)
    pairs.link(UInt32(word), at: index)
    if pairs.marksPushed(UInt32(merges.count), at: index) { raised.append(index) }
  }
}
