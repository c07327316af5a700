import GroveCore
import GroveDecode
import GroveTensor

/// A "model" whose next token is a function of all tokens that it has read: a letter, or now and then the end of a turn. So
/// what it writes says whether it has read the right ones.
final class LetterScorer: NextTokenScorer {
  let vocabularySize: Int
  let contextLength = 400
  let positionLimit: Int? = 400
  /// Every position that was computed.
  private(set) var computedCount = 0
  private let letters: [Int]
  private let end: Int
  private var text: [Int] = []

  /// - Parameters:
  ///   - letters: the tokens that it writes.
  ///   - end: the token that ends a turn.
  init(vocabularySize: Int, letters: [Int], end: Int) {
    (self.vocabularySize, self.letters, self.end) = (vocabularySize, letters, end)
  }

  func begin(texts: Int, capacity: Int) throws { text = [] }

  func read(_ tokens: [[Int]], portion: Int) throws -> Tensor {
    text += tokens[0]
    computedCount += tokens[0].count
    let draw = text.reduce(RandomKey(seed: 5)) { $0.split($1) }.bits(0)
    var scores = [Float](repeating: 0, count: vocabularySize)
    scores[draw % 9 == 0 ? end : letters[Int((draw >> 8) % UInt64(letters.count))]] = 9
    return try Tensor(scores, [1, vocabularySize])
  }
}
