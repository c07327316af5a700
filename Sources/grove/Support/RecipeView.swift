import GroveRecipes
import GroveReport
import Synchronization

/// Shows a recipe's arms on standard error as they go; arms report from threads of their own.
final class RecipeView: Sendable {
  private struct State: ~Copyable {
    let line: ProgressView
    var done = 0
    var running: [String: String] = [:]
  }

  private let state: Mutex<State>
  private let arms: Int

  init(quiet: Bool, arms: Int) {
    state = Mutex(State(line: ProgressView(quiet: quiet)))
    self.arms = arms
  }

  func receive(_ event: RecipeEvent) {
    state.withLock { state in
      switch event {
      case .began(let arm, let seed): state.running["\(arm)/\(seed)"] = ""
      case .taken(let arm, let seed):
        state.done += 1
        state.line.note("\(arm), seed \(seed): done before")
      case .finished(let record):
        state.done += 1
        state.running["\(record.arm)/\(record.seed)"] = nil
        state.line.note("\(record.arm), seed \(record.seed): \(NumberText.duration(record.seconds))")
      case .step(let arm, let seed, let step, let steps, let loss):
        state.running["\(arm)/\(seed)"] = "\(step)/\(steps) loss \(NumberText.fixed(loss, 3))"
        let text = state.running.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "  ")
        let done = state.done
        state.line.status("\(done) of \(arms) arms  \(text)")
      }
    }
  }

  func end() { state.withLock { $0.line.end() } }
}
