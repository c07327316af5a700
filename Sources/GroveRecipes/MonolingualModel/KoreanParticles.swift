import Foundation

/// Cuts Korean words before their particles and endings, by a list: a stand-in for an analyser with a dictionary.
struct KoreanParticles {
  /// What stands between morphemes: a control character that no text has.
  static let separator = "\u{1F}"

  /// Longest first, so that 에서 is not taken for 서.
  private static let endings: [[Character]] = [
    "으로부터", "에서부터", "이라고", "합니다", "됩니다", "입니다", "습니다", "십시오", "으로", "에서", "에게", "까지", "부터", "처럼", "보다",
    "하고", "라고", "이나", "이며", "하는", "하여", "하면", "하기", "한다", "된다", "되는", "은", "는", "이", "가", "을", "를", "에", "의",
    "도", "로", "와", "과", "만", "나", "며",
  ].map(Array.init)

  /// The text with separators before the last particle of each word of two syllables or more.
  static func segmented(_ text: String) -> String {
    var result = ""
    var word: [Character] = []
    func finish() {
      let ending = endings.first { word.count > $0.count && word.suffix($0.count).elementsEqual($0) }
      result += String(word.dropLast(ending?.count ?? 0))
      if let ending { result += separator + String(ending) }
      word = []
    }
    for character in text {
      if isSyllable(character) {
        word.append(character)
      } else {
        finish()
        result.append(character)
      }
    }
    finish()
    return result
  }

  private static func isSyllable(_ character: Character) -> Bool {
    guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1 else { return false }
    return ("\u{AC00}"..."\u{D7A3}").contains(scalar)
  }
}
