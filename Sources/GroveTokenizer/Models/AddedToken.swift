/// A token that is found in the text before anything is split or merged, with the flags of `tokenizers`.
public struct AddedToken: Sendable, Hashable {
  /// The id; it may belong to the model's vocabulary too, where the same text has the same id.
  public var id: UInt32
  /// The text that stands for the token.
  public var content: String
  /// Controls the model rather than being text of a document; decoding may leave it out.
  public var isSpecial: Bool
  /// Found only where no word character touches it.
  public var standsAlone = false
  /// Takes the white space before it along.
  public var stripsLeft = false
  /// Takes the white space after it along.
  public var stripsRight = false
  /// Looked for after normalization, in what the other added tokens left.
  public var isNormalized = false

  /// The longest text, in bytes: the limit keeps a hostile file from costing more than its size.
  public static let longestContent = 1024

  /// A token with no flag but `isSpecial`; set the others on the value.
  public init(id: UInt32, content: String, isSpecial: Bool) {
    self.id = id
    self.content = content
    self.isSpecial = isSpecial
  }

  /// A special token with no other flag: what a control token such as `<|endoftext|>` is.
  public static func special(_ content: String, id: UInt32) -> AddedToken {
    AddedToken(id: id, content: content, isSpecial: true)
  }
}

/// What an encoder makes of the text of a special token that stands in a document.
public enum SpecialTokenRule: Sendable, Hashable {
  /// The text becomes the token: for prompts and templates that are written with them.
  case recognizing
  /// The text is encoded like any other, so that no document can smuggle a control token in.
  case asText
}

/// What decoding does with special tokens.
public enum SpecialTokenOutput: Sendable, Hashable {
  /// Their text is part of the output.
  case keeping
  /// They leave nothing.
  case skipping
}

/// What an encoder does with bytes that are not UTF-8.
public enum MalformedBytes: Sendable, Hashable {
  /// Each maximal ill-formed subsequence becomes U+FFFD, as Python's `errors="replace"` has it.
  case replacing
  /// The bytes are encoded as themselves and decode to themselves.
  case keeping
}
