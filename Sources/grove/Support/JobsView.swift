import GroveForest
import GroveJobs
import GroveReport

/// Shows on standard error how a forest grows.
final class JobsView {
  private let view: ProgressView
  private var running: [String: String] = [:]
  private var done = 0
  private var total = 0

  init(quiet: Bool) { view = ProgressView(quiet: quiet) }

  func receive(_ event: ForestEvent) {
    switch event {
    case .began(.seed, _):
      total = 1
      view.note("seed phase")
    case .began(.dense, _):
      (done, total) = (0, 1)
      view.note("dense model")
    case .began(.experts, let names):
      (done, total) = (0, names.count)
      view.note("\(names.count) experts: \(names.joined(separator: ", "))")
    case .grown(let name, let parents):
      done += 1
      view.note("\(name) is grown, from \(ForestText.parents(parents))")
    case .job(let event): receive(event)
    }
  }

  /// A line of its own.
  func note(_ text: String) { view.note(text) }

  func end() { view.end() }

  private func receive(_ event: JobEvent) {
    switch event {
    case .queued(let name, let place): view.note("\(name) queued: \(place)")
    case .started(let name, let place):
      running[name] = ""
      view.note("\(name) started on \(place)")
    case .output(let name, let line):
      running[name] = line
      let text = running.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "  ")
      view.status("\(done) of \(total)  \(text)")
    case .finished(let name, let seconds):
      running[name] = nil
      view.note("\(name) finished in \(NumberText.duration(seconds))")
    case .failed(let name, let reason, let log):
      running[name] = nil
      view.warn("\(name) failed: \(reason) (\(log.relativePath))")
    case .interrupted(let name, let reason):
      running[name] = nil
      view.warn("\(name) interrupted: \(reason)")
    case .requeued(let name, let reason):
      running[name] = nil
      view.warn("\(name) requeued: \(reason)")
    case .warning(let text): view.warn("warning: \(text)")
    }
  }
}
