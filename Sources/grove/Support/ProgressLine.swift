import Foundation

/// One line of progress: rewritten in place on a terminal, a line every ten seconds in a pipe, nothing with --quiet.
final class ProgressLine {
  private let quiet: Bool
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  private var isOpen = false

  init(quiet: Bool) {
    self.quiet = quiet
    last = clock.now
  }

  func show(_ text: @autoclosure () -> String) {
    guard !quiet else { return }
    let now = clock.now
    guard now - last >= (Terminal.isInteractive ? .milliseconds(100) : .seconds(10)) else { return }
    last = now
    if Terminal.isInteractive {
      let line = String(text().prefix(Terminal.columns - 1))
      FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
      isOpen = true
    } else {
      Terminal.note(text())
    }
  }

  /// A line that stays, above the progress.
  func note(_ text: String) {
    clear()
    if !quiet { Terminal.note(text) }
  }

  func end() { clear() }

  private func clear() {
    if isOpen { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    isOpen = false
  }
}
