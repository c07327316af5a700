import GroveCore

extension InstructionExamples {
  /// Options of a question.
  static let options = 4

  /// Questions about held-out lists with four answers each, the right one first: the others are the same task's answers to other
  /// lists that are as long.
  /// - Precondition: the task has four different answers to lists of one length.
  public func choicesAmongLists(_ task: any Instruction) -> [[GreedyMatch.Item]] {
    choices(task, "lists") { letters, draws, attempt in
      let other = lists.list(draws.split("other").split(attempt), heldOut: true)
      return other.count == letters.count ? task.response(other) : nil
    }
  }

  /// Questions about held-out lists with four answers each, the right one first: the others are answers of other tasks to the same
  /// list.
  /// - Precondition: the other tasks have three different answers that are not the right one.
  public func choicesAmongTasks(_ task: any Instruction, _ others: [InstructionTask]) -> [[GreedyMatch.Item]] {
    choices(task, "tasks") { letters, draws, attempt in
      others[Permutation(count: others.count, key: draws.split("other"))[attempt % others.count]].response(letters)
    }
  }

  /// - Parameter other: a wrong answer to a list, by attempt; nil for none.
  private func choices(
    _ task: any Instruction, _ kind: String, other: ([String], RandomKey, Int) -> String?
  ) -> [[GreedyMatch.Item]] {
    (0..<config.tests).map { index in
      let draws = lists.key.split("choices").split(kind).split(task.name).split(index)
      let letters = lists.list(draws, heldOut: true)
      var responses = [task.response(letters)]
      var attempt = 0
      while responses.count < InstructionExamples.options {
        precondition(attempt < 10_000, "\(task.name) has no four answers to \(letters)")
        if let wrong = other(letters, draws, attempt), !responses.contains(wrong) { responses.append(wrong) }
        attempt += 1
      }
      return responses.map { item(task.prompt(letters), $0) }
    }
  }
}
