import Foundation
import GroveCore
import GroveEval

extension Trainer {
  /// Judges the run on the held-out documents, which the processes share.
  func validate() throws {
    guard !validation.isEmpty else { return }
    let clock = ContinuousClock()
    let start = clock.now
    let sums = try processes.sum(
      validation.flatMap { documents in
        let share = stride(from: processes.rank, to: documents.count, by: processes.size).map { documents[$0] }
        let losses = try evaluator.losses(of: share, under: model, device: device)
        return [
          losses.reduce(0) { $0 + $1.nats }, Double(losses.reduce(0) { $0 + $1.bytes }),
          Double(losses.reduce(0) { $0 + $1.tokens }),
        ]
      })
    var domains: [String: Double] = [:]
    var (nats, tokens) = (0.0, 0.0)
    for (index, documents) in validation.enumerated() {
      let (domainNats, bytes) = (sums[3 * index], Int(sums[3 * index + 1]))
      domains[documents[0].domain] = DocumentLoss.bitsPerByte(nats: domainNats, bytes: bytes)
      nats += domainNats
      tokens += sums[3 * index + 2]
    }
    try report(
      .validated(
        ValidationRecord(
          step: state.step, bitsPerByte: domains.values.sorted().reduce(0, +) / Double(domains.count),
          natsPerToken: nats / tokens, domains: domains, seconds: (clock.now - start).seconds)))
  }

  /// Saves the state of this step if that is not done yet. The first process writes; the others give what they alone hold.
  func save() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let isThere = processes.isFirst && FileSystem.exists(folder.checkpoint(step: state.step))
    if try processes.isAny(isThere) { return }
    let saved: URL? = try optimizer.withWholeValues {
      if processes.isFirst { return try store.save(model, optimizer, state) }
      try optimizer.save(to: nil)
      return nil
    }
    guard let url = saved else { return }
    try store.prune(config.checkpoints)
    try report(.saved(step: state.step, checkpoint: url, seconds: (clock.now - start).seconds))
  }

  /// Counts a step that was not applied; after too many in a row the run rolls back (false) or stops (throws).
  func goesOn(after problem: String, at index: Int) throws -> Bool {
    state.nonFiniteSteps.append(index)
    try report(.skipped(step: index + 1, reason: problem))
    let bad = state.nonFiniteSteps
    guard bad.count >= config.training.nonFiniteLimit else { return true }
    let words = "\(bad.count) steps in a row were not finite, the last one step \(index + 1): \(problem)"
    guard config.training.nonFiniteAction == .rollBack, state.rollbacks < 3 else {
      throw GroveError(
        .mismatch, folder.url.path, words,
        remedy: "Nothing of them was applied. Lower the learning rate, or clip more.")
    }
    try rollBack(from: index + 1, leavingOut: bad, words)
    return false
  }

  /// Goes back to the last checkpoint before the bad steps, and leaves their batches out from now on.
  private func rollBack(from: Int, leavingOut bad: [Int], _ words: String) throws {
    let found = try processes.fromFirst("\(try store.newestWhole(through: bad[0], report) ?? -1)")
    guard let target = Int(found), target >= 0 else {
      throw GroveError(.mismatch, folder.url.path, words, remedy: "There is no checkpoint before them to go back to.")
    }
    let rollbacks = state.rollbacks + 1
    let leftOut = (state.leftOut + bad).sorted()
    state = try store.restore(step: target, model, optimizer)
    state.rollbacks = rollbacks
    state.leftOut = leftOut
    if processes.isFirst {
      try store.discard(after: target)
      try openLogs()
    }
    try report(.rolledBack(from: from, to: target, leftOut: bad))
  }
}
