/// Words of a line as an encoder reads them: the class token, the pieces of each word, a separator.
struct WordPassage: Sendable {
  let tokens: [Int64]
  /// The places of each word's pieces.
  let words: [Range<Int>]
  /// The words themselves.
  let spellings: [String]

  /// Cuts each line into passages of at most `count` words; fewer than three are left out, since nothing can be guessed
  /// from them.
  static func cut(_ lines: [[String]], _ vocabulary: WordPieces, words count: Int, length: Int) -> [WordPassage] {
    zip(lines, vocabulary.encode(lines)).flatMap { line, ids in
      stride(from: 0, to: line.count, by: count).filter { line.count - $0 >= 3 }.map { start in
        let part = start..<min(start + count, line.count)
        return WordPassage(line: Array(line[part]), Array(ids[part]), length: length)
      }
    }
  }

  /// A line with the ids of its words; words beyond `length` tokens are dropped.
  init(line: [String], _ ids: [[Int64]], length: Int) {
    var (tokens, words, spellings): ([Int64], [Range<Int>], [String]) = ([WordPieces.classToken], [], [])
    for (word, pieces) in zip(line, ids) {
      guard tokens.count + pieces.count < length else { break }
      words.append(tokens.count..<tokens.count + pieces.count)
      spellings.append(word)
      tokens += pieces
    }
    (self.tokens, self.words, self.spellings) = (tokens + [WordPieces.separator], words, spellings)
  }
}
