/// The keys of a JSON line that Grove reads; other keys are checked and passed over.
public struct DocumentFields: Equatable, Sendable {
  /// The document itself; must be a string.
  public var text = "text"
  /// A string or an integer; "FILE:LINE" stands in for a missing or null one.
  public var id = "id"
  /// A string; empty if missing or null.
  public var language = "language"
  /// A string; empty if missing or null.
  public var source = "source"

  /// The usual names.
  public init() {}
}

/// Where the domain of a document comes from.
public enum DomainRule: Equatable, Sendable {
  /// Every document belongs to this one.
  case fixed(String)
  /// The name of the file without folder and endings: "web" for "en/web.jsonl.zst".
  case fileName
  /// The string under a key of the JSON line; a plain text file takes its name. A missing one is a broken line.
  case field(String)
}

/// What to do with a line that is no document.
public enum BrokenLinePolicy: String, Equatable, Sendable {
  /// Count it, report it, go on. Of a file whose packing is broken the rest is lost, and that is one problem.
  case skip
  /// Throw it.
  case fail
}

/// How files become documents.
public struct ReadingOptions: Equatable, Sendable {
  /// Where domains come from.
  public var domain: DomainRule
  /// What happens to a line that is no document.
  public var brokenLines: BrokenLinePolicy
  /// The keys that are read.
  public var fields = DocumentFields()
  /// Longest line of JSON, or plain text file, in bytes after unpacking. Memory is at most about twice this.
  public var byteLimit = 64 << 20

  /// The usual field names and limit; what changes the data is always said.
  public init(domain: DomainRule, brokenLines: BrokenLinePolicy) {
    self.domain = domain
    self.brokenLines = brokenLines
  }
}
