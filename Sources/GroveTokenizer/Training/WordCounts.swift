/// How often each word occurs, in memory that does not grow beyond a limit.
///
/// When the limit is reached, the rarest words are forgotten until half of the memory is free: those that occurred
/// once, then twice, and so on. What was forgotten is counted, so that a caller can say so.
struct WordCounts: Sendable {
  /// Words that were forgotten, and how often they had occurred.
  private(set) var forgotten = (words: 0, occurrences: Int64(0))

  private var words = WordIndex()
  private var counts: [Int64] = []
  private let byteLimit: Int

  init(byteLimit: Int) { self.byteLimit = max(byteLimit, 1 << 16) }

  /// Number of different words.
  var count: Int { counts.count }

  /// Bytes that the words, their counts and the table take.
  var usedBytes: Int { words.usedBytes + counts.count * MemoryLayout<Int64>.size }

  /// Calls `body` with each word and its count, in the order in which they were first met.
  func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int64) -> Void) {
    for index in counts.indices { words.withWord(index) { body($0, counts[index]) } }
  }

  /// Counts a word that occurs `occurrences` times more.
  mutating func add(_ word: UnsafeBufferPointer<UInt8>, occurrences: Int64 = 1) {
    guard !word.isEmpty else { return }
    let (index, isNew) = words.insert(word)
    guard isNew else {
      counts[index] += occurrences
      return
    }
    counts.append(occurrences)
    if usedBytes > byteLimit { forgetRarest() }
  }

  private mutating func forgetRarest() {
    var floor: Int64 = 0
    repeat {
      floor += 1
      words.keep { counts[$0] > floor }
      for count in counts where count <= floor {
        forgotten.words += 1
        forgotten.occurrences += count
      }
      counts.removeAll { $0 <= floor }
    } while usedBytes > byteLimit / 2
  }
}
