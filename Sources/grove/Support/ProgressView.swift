import Foundation
import GroveCore

/// Progress on standard error: a line that is drawn over on a terminal, plain lines in a pipe, nothing with --quiet.
final class ProgressView {
  private let output: ProgressBar.Output
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var bar: ProgressBar?
  private var isOpen = false
  private var lastStatus: Double?

  init(quiet: Bool) {
    output = quiet ? .quiet : Terminal.isInteractive ? .terminal(columns: Terminal.columns) : .plain
    start = clock.now
  }

  private var seconds: Double { (clock.now - start).seconds }

  /// Begins work of a known size.
  func begin(_ label: String, total: Int, unit: String, done: Int = 0) {
    bar = ProgressBar(label: label, total: total, unit: unit, done: done, output: output, at: seconds)
  }

  /// Draws the bar of the work that was begun.
  func update(_ done: Int, _ fields: [(name: String, value: String)] = []) {
    guard let text = bar?.update(done: done, fields: fields, at: seconds) else { return }
    write(text)
    isOpen = true
  }

  /// Shows work whose end is not known: drawn over on a terminal, every ten seconds in a pipe.
  func status(_ text: @autoclosure () -> String) {
    let now = seconds
    switch output {
    case .quiet: return
    case .terminal(let columns):
      if let lastStatus, now - lastStatus < 0.1 { return }
      write("\r\(text().prefix(columns - 1))\u{1B}[K")
      isOpen = true
    case .plain:
      if now - (lastStatus ?? 0) < 10 { return }
      write(text() + "\n")
    }
    lastStatus = now
  }

  /// A line that stays, above the progress.
  func note(_ text: String) {
    if output != .quiet { warn(text) }
  }

  /// A line about what went wrong, which --quiet does not silence.
  func warn(_ text: String) {
    clear()
    Terminal.note(text)
  }

  /// Takes the progress away, so that results stand alone.
  func end() {
    clear()
    bar = nil
  }

  private func clear() {
    if isOpen, case .terminal = output { write(bar?.interrupt() ?? "\r\u{1B}[K") }
    isOpen = false
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
