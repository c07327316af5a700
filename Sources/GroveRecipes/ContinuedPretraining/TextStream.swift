public import GroveCore

/// A text that a run reads: documents of one or more files of the corpus.
///
/// Its documents alternate between the files, so that the first held-out ones are of all of them.
public struct TextStream: Config {
  /// Also the name of its domain in the shards, so it has no slash.
  public var name = ""
  public var parts: [TextPart] = []
  /// Share of the training documents that are spoiled: the letters of each word stand in a random order. For what must
  /// find bad text; the held-out documents are never spoiled.
  public var junkShare = 0.0

  public init() {}

  init(_ name: String, junkShare: Double = 0, _ parts: TextPart...) {
    self.name = name
    self.parts = parts
    self.junkShare = junkShare
  }

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if name.isEmpty || name.contains("/") { issues.append(ConfigIssue("name", "'\(name)' is not a name")) }
    if parts.isEmpty { issues.append(ConfigIssue("parts", "there is none, so the stream has no text")) }
    for (index, part) in parts.enumerated() { issues += part.issues().under("parts.\(index)") }
    if !(0..<1).contains(junkShare) { issues.append(ConfigIssue("junkShare", "\(junkShare) is outside [0, 1)")) }
    return issues
  }
}

/// A share of the documents of a file, picked by a hash of their ids: parts that do not overlap share no document.
public struct TextPart: Config {
  /// Without its ending: "manual-en".
  public var file = ""
  /// Where the part begins, as a share of the documents.
  public var from = 0.0
  /// Where it ends.
  public var to = 1.0

  public init() {}

  init(_ file: String, from: Double = 0, to: Double = 1) {
    self.file = file
    self.from = from
    self.to = to
  }

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if file.isEmpty { issues.append(ConfigIssue("file", "no file is named")) }
    if !(0 <= from && from < to && to <= 1) {
      issues.append(ConfigIssue("to", "\(from) to \(to) is no part of 0 to 1"))
    }
    return issues
  }
}
