/// What is done to a text before it is split: the `normalizer` of a `tokenizer.json`.
///
/// Each case gives the text that the component of the same name gives in `tokenizers`. Bytes that are not UTF-8 pass
/// through unchanged.
public indirect enum Normalizer: Sendable, Hashable {
  /// `NFC`, `NFD`, `NFKC`, `NFKD`.
  case unicode(UnicodeForm)
  /// Lower case, character by character: a final sigma is one like any other.
  case lowercase
  /// Marks of all kinds are removed; what decomposes must have been decomposed before.
  case stripAccents
  /// White space is removed from these ends.
  case strip(Set<TextEnd>)
  /// Every match becomes the text.
  case replace(TextPattern, with: String)
  /// The text stands before what is not empty.
  case prepend(String)
  /// `Precompiled`: the character map of a sentencepiece model.
  case characterMap(CharacterMap)
  /// `BertNormalizer`.
  case bert(BertNormalization)
  /// `Nmt`: controls are removed, and unusual spaces become spaces.
  case nmt
  /// What a sentencepiece model does to a text, which `tokenizers` has no component for.
  case sentencePiece(SentencePieceNormalization)
  /// One after another.
  case sequence([Normalizer])

  /// The normalized text.
  public func normalized(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in String(decoding: self.normalized(bytes) ?? Array(bytes), as: UTF8.self) }
  }

  /// The normalized bytes; nil where nothing changes.
  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard !text.isEmpty else { return nil }
    switch self {
    case .unicode(let form): return form.normalized(text)
    case .lowercase: return Lowercasing.normalized(text)
    case .stripAccents: return CharacterFilter.removing(CharacterTraits.combining, from: text)
    case .strip(let ends): return TextEnd.strip(ends, text)
    case .replace(let pattern, let replacement): return pattern.replacing(text, with: Array(replacement.utf8))
    case .prepend(let prefix): return Array(prefix.utf8) + text
    case .characterMap(let map): return map.normalizedByGrapheme(text)
    case .bert(let rules): return rules.normalized(text)
    case .nmt: return NMTNormalization.normalized(text)
    case .sentencePiece(let rules): return rules.normalized(text)
    case .sequence(let steps):
      var output: [UInt8]?
      for step in steps {
        let next =
          output.map { bytes in bytes.withUnsafeBufferPointer { step.normalized($0) } } ?? step.normalized(text)
        if let next { output = next }
      }
      return output
    }
  }
}

/// The end of a text that white space is removed from.
public enum TextEnd: Sendable, Hashable {
  case left
  case right

  static func strip(_ ends: Set<TextEnd>, _ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    let cursor = TextCursor(bytes)
    let start = ends.contains(.left) ? cursor.runEnd(of: CharacterClasses.space, from: 0, text.count) : 0
    var end = text.count
    while ends.contains(.right), end > start {
      let before = cursor.startOfCharacter(before: end)
      if cursor.character(at: before, end).kind != CharacterClasses.space { break }
      end = before
    }
    return end - start == text.count ? nil : Array(text[start..<end])
  }
}

/// What is looked for in a text: a literal text, or one of the few regular expressions that tokenizers are written with.
public enum TextPattern: Sendable, Hashable {
  /// Exactly this text.
  case literal(String)
  /// ` {2,}`: two spaces or more.
  case spaces
  /// `\s+`: white space of any kind.
  case whiteSpace

  /// The expressions by their exact text.
  static let expressions: [String: TextPattern] = [" {2,}": .spaces, #"\s+"#: .whiteSpace]

  func replacing(_ text: UnsafeBufferPointer<UInt8>, with replacement: [UInt8]) -> [UInt8]? {
    if case .literal(let needle) = self { return Array(text).replacing(bytes: Array(needle.utf8), with: replacement) }
    guard let bytes = text.baseAddress else { return nil }
    let cursor = TextCursor(bytes)
    var output: [UInt8]?
    var done = 0
    var at = 0
    while at < text.count {
      let end = runEnd(cursor, at, text.count)
      guard end > at else {
        at += cursor.character(at: at, text.count).width
        continue
      }
      if output == nil { output = [] }
      output!.append(contentsOf: text[done..<at])
      output!.append(contentsOf: replacement)
      (at, done) = (end, end)
    }
    output?.append(contentsOf: text[done...])
    return output
  }

  /// Where the match that starts at `start` ends; `start` if there is none.
  private func runEnd(_ cursor: TextCursor, _ start: Int, _ end: Int) -> Int {
    guard self == .spaces else { return cursor.runEnd(of: CharacterClasses.space, from: start, end) }
    var at = start
    while at < end, cursor.bytes[at] == UInt8(ascii: " ") { at += 1 }
    return at - start >= 2 ? at : start
  }
}

/// Lower case by the table.
enum Lowercasing {
  static func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    let data = NormalizationData.shared
    func changes(_ value: UInt32) -> Bool { data.flags[Int(value)] & NormalizationData.hasLowercase != 0 }
    var output: [UInt8]?
    var scalars: [UInt32] = []
    text.forEachScalar { value, range in
      guard changes(value) else {
        output?.append(contentsOf: text[range])
        return
      }
      if output == nil { output = Array(text[..<range.lowerBound]) }
      if value < 0x80 {
        output!.append(UInt8(value) | 0x20)
      } else {
        scalars.removeAll(keepingCapacity: true)
        data.lowercase(value, appendingTo: &scalars)
        for scalar in scalars { output!.append(scalar: scalar) }
      }
    }
    return output
  }
}

/// Removes characters.
enum CharacterFilter {
  static func removing(_ trait: UInt8, from text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    let traits = CharacterTraits.shared
    var output: [UInt8]?
    text.forEachScalar { value, range in
      if traits.has(trait, value) {
        if output == nil { output = Array(text[..<range.lowerBound]) }
      } else {
        output?.append(contentsOf: text[range])
      }
    }
    return output
  }
}

/// What machine translation's data was cleaned with.
enum NMTNormalization {
  static func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8]?
    text.forEachScalar { value, range in
      let isRemoved = isRemoved(value)
      guard isRemoved || isSpace(value) else {
        output?.append(contentsOf: text[range])
        return
      }
      if output == nil { output = Array(text[..<range.lowerBound]) }
      if !isRemoved { output!.append(UInt8(ascii: " ")) }
    }
    return output
  }

  private static func isRemoved(_ value: UInt32) -> Bool {
    switch value {
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: true
    default: false
    }
  }

  private static func isSpace(_ value: UInt32) -> Bool {
    switch value {
    case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: true
    default: false
    }
  }
}
