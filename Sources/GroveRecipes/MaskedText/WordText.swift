import Foundation

/// How a text becomes words, before any vocabulary: lower case without accents, runs of letters and digits, and every other
/// character by itself (Devlin et al. 2018's basic tokenization).
public enum WordText {
  /// The words of a line.
  /// - Complexity: O(bytes).
  public static func words(of line: some StringProtocol) -> [String] {
    let isPlain = line.utf8.allSatisfy { $0 < 0x80 }
    let folded = isPlain ? line.lowercased() : line.folding(options: .diacriticInsensitive, locale: nil).lowercased()
    var words: [String] = []
    var word = ""
    func end() {
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    for character in folded {
      if character.isLetter || character.isNumber {
        word.append(character)
      } else {
        end()
        if !character.isWhitespace { words.append(String(character)) }
      }
    }
    end()
    return words
  }
}
