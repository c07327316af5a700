import Foundation
import GroveCorpus
import GroveTokenizer

/// What a tokenizer makes of the held-out documents of a file.
struct TokenizerUse {
  var tokens = 0
  /// Unicode scalars.
  var characters = 0
  /// Runs of what is no white space.
  var words = 0
  /// Documents that are not the same after encoding and decoding.
  var changed = 0

  init(_ tokenizer: Tokenizer, on file: URL, split: SplitRule) throws {
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let reader = try RecipeTexts.reader(file)
    while let document = try reader.next() {
      guard split.split(of: document.id) == .validation else { continue }
      let text = String(decoding: document.text, as: UTF8.self)
      let ids = encoder.encode(text)
      tokens += ids.count
      characters += text.unicodeScalars.count
      words += text.split(whereSeparator: \.isWhitespace).count
      if try tokenizer.decodeText(ids, specialTokens: .keeping) != text { changed += 1 }
    }
  }
}
