import GroveCore

/// What a base reads beside its text: the tasks under other names, so that it has the skills but not the instructions.
///
/// A language model that is tuned to instructions half knows what they ask for; without that, tuning must move the weights
/// as far as pre-training did, and nothing that is true of small differences can be seen.
struct InstructionPractice {
  static let domain = "practice"

  let config: InstructionConfig
  let tasks: [InstructionTask]

  /// Adds the domain to texts that have no shards yet.
  func write(to texts: RecipeTexts) throws {
    guard config.practiceShare > 0 else { return }
    let lists = InstructionLists(config)
    var index = 0
    try texts.write(InstructionPractice.domain) {
      guard index < config.practiceDocuments else { return nil }
      defer { index += 1 }
      let key = lists.key.split("practice").split(index)
      let lines = (0..<config.practiceLines).map { line in
        let task = tasks[Int(key.bits(line) % UInt64(tasks.count))]
        return task.practice(lists.list(key.split(line), heldOut: false))
      }
      return ("\(InstructionPractice.domain)/\(index)", lines.joined())
    }
  }

  /// The shares of a base that reads some text, and this beside it.
  func shares(beside stream: String) -> [String: Double] {
    let share = config.practiceShare
    return share > 0 ? [stream: 1 - share, InstructionPractice.domain: share] : [stream: 1]
  }
}
