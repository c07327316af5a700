public import GroveCore

/// How much of what a base reads is the tasks under other names.
public struct InstructionPracticeConfig: Config {
  /// Share of the base's samples; 0 leaves the tasks out.
  public var share = 0.5
  /// Documents of that text.
  public var documents = 4000
  /// Lines of each of them.
  public var lines = 20

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive(["documents": documents, "lines": lines])
    if !(0..<1).contains(share) { issues.append(ConfigIssue("share", "\(share) is outside [0, 1)")) }
    return issues
  }
}

/// What a base reads beside its text: the tasks under other names, so that it has the skills but not the instructions.
///
/// A language model that is tuned to instructions half knows what they ask for; without that, tuning must move the weights
/// as far as pre-training did, and nothing that is true of small differences can be seen.
struct InstructionPractice {
  static let domain = "practice"

  let config: InstructionPracticeConfig
  let lists: InstructionLists
  let tasks: [InstructionTask]

  /// Adds the domain to texts that have no shards yet.
  func write(to texts: RecipeTexts) throws {
    guard config.share > 0 else { return }
    var index = 0
    try texts.write(InstructionPractice.domain) {
      guard index < config.documents else { return nil }
      defer { index += 1 }
      let key = lists.key.split("practice").split(index)
      let lines = (0..<config.lines).map { line in
        let task = tasks[Int(key.bits(line) % UInt64(tasks.count))]
        return task.practice(lists.list(key.split(line), heldOut: false))
      }
      return ("\(InstructionPractice.domain)/\(index)", lines.joined())
    }
  }

  /// The shares of a base that reads some text, and this beside it.
  func shares(beside stream: String) -> [String: Double] {
    let share = config.share
    return share > 0 ? [stream: 1 - share, InstructionPractice.domain: share] : [stream: 1]
  }
}

extension ContinuedPretrainingConfig {
  /// What is wrong with the streams beside the text of the tasks.
  func issuesOfPractice() -> [ConfigIssue] {
    guard streams.contains(where: { $0.name == InstructionPractice.domain }) else { return [] }
    return [ConfigIssue("pretraining.streams", "'\(InstructionPractice.domain)' is the name of the text of the tasks")]
  }
}
