public import GroveTensor

/// A scorer that keeps what it has read from one text to the next: of a text that goes on where another one stopped, only
/// what is new is computed. The scores are those of the scorer below that reads the whole text.
///
/// One text at a time. Memory for the whole context is taken once.
public final class KeptScorer: NextTokenScorer {
  /// Positions that were computed since it was made.
  public private(set) var computedCount = 0
  private let scorer: any NextTokenScorer
  private let capacity: Int
  /// What the scorer below has read; nil before it has begun.
  private var read: [Int]?
  private var isBeginning = true

  /// - Parameters:
  ///   - scorer: nobody else feeds it from then on.
  ///   - capacity: positions of the longest text.
  public init(_ scorer: any NextTokenScorer, capacity: Int) { (self.scorer, self.capacity) = (scorer, capacity) }

  public var vocabularySize: Int { scorer.vocabularySize }
  public var contextLength: Int { capacity }
  public var positionLimit: Int? { scorer.positionLimit }

  /// Nothing is taken or forgotten before the text is known.
  /// - Precondition: `texts` is 1.
  public func begin(texts: Int, capacity: Int) throws {
    precondition(texts == 1 && capacity <= self.capacity, "\(texts) texts of \(capacity) positions")
    isBeginning = true
  }

  public func read(_ tokens: [[Int]], portion: Int) throws -> Tensor {
    var rest = tokens[0]
    if isBeginning {
      if let read, rest.count > read.count, rest.starts(with: read) {
        rest.removeFirst(read.count)
      } else {
        read = nil  // until it is true again: a pass can fail
        try scorer.begin(texts: 1, capacity: capacity)
        read = []
      }
      isBeginning = false
    }
    let before = read ?? []
    read = nil
    isBeginning = true
    let scores = try scorer.read([rest], portion: portion)
    read = before + rest
    isBeginning = false
    computedCount += rest.count
    return scores
  }
}
