/// One text of a corpus, with everything that later explains where a token came from.
public struct Document: Equatable, Sendable {
  /// Unique in its corpus; "FILE:LINE" where the source gives none.
  public var id: String
  /// The text as valid UTF-8.
  public var text: [UInt8]
  /// The part of the corpus it belongs to: its own shard, weight and score.
  public var domain: String
  /// As the source writes it ("en", "deu_Latn"); empty if the source does not say.
  public var language: String
  /// Where the source says it got the text (a URL, a collection); empty if it does not say.
  public var source: String
  /// Where in our files the document stood.
  public var origin: DocumentOrigin

  /// A document from its parts.
  public init(
    id: String, text: [UInt8], domain: String, language: String = "", source: String = "", origin: DocumentOrigin
  ) {
    self.id = id
    self.text = text
    self.domain = domain
    self.language = language
    self.source = source
    self.origin = origin
  }
}

/// A place in a source file.
public struct DocumentOrigin: Hashable, Sendable, CustomStringConvertible {
  /// The name of the source file, relative to the folder that was read.
  public var file: String
  /// Counted from 1, blank and broken lines included; 1 in a plain text file, which is one document.
  public var line: Int

  /// A place from its parts.
  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  /// "FILE:LINE".
  public var description: String { "\(file):\(line)" }
}
