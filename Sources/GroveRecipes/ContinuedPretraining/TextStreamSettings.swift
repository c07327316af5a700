import GroveCore

/// What the config of a recipe says of texts that are cut from the files of a corpus.
protocol TextStreamSettings: Sendable {
  /// The texts.
  var streams: [TextStream] { get }
  /// Documents are taken from a file until it has given a stream so many bytes; 0 takes all.
  var bytesPerPart: Int { get }
  /// Share of the documents that are held out.
  var heldOutShare: Double { get }
  /// The most ids that the tokenizer learns.
  var vocabularySize: Int { get }
}

extension TextStreamSettings {
  /// What is wrong with the texts, by their fields.
  func textIssues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(0 < heldOutShare && heldOutShare < 1) {
      issues.append(ConfigIssue("heldOutShare", "\(heldOutShare) is outside (0, 1)"))
    }
    if bytesPerPart < 0 { issues.append(ConfigIssue("bytesPerPart", "\(bytesPerPart) is negative")) }
    if streams.isEmpty { issues.append(ConfigIssue("streams", "there is none to read")) }
    for (index, stream) in streams.enumerated() { issues += stream.issues().under("streams.\(index)") }
    if Set(streams.map(\.name)).count != streams.count {
      issues.append(ConfigIssue("streams", "two have the same name"))
    }
    return issues
  }

  /// What is wrong with a field that names streams.
  func issues(_ field: String, naming names: [String]) -> [ConfigIssue] {
    names.filter { name in !streams.contains { $0.name == name } }.map {
      ConfigIssue(field, "there is no stream '\($0)' among \(streams.map(\.name).joined(separator: ", "))")
    }
  }
}
