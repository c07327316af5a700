/// Decides when a long job's progress is shown and with which bytes; the caller writes them and owns the clock.
///
/// On a terminal one line is drawn over and over, at most ten times a second. In a pipe or a file, plain lines come
/// every half minute or every tenth of the work, whichever is first. Quiet shows nothing.
public struct ProgressBar: Sendable {
  /// Where the progress goes.
  public enum Output: Sendable, Equatable {
    /// A terminal of so many columns.
    case terminal(columns: Int)
    /// A pipe or a file.
    case plain
    case quiet
  }

  private let output: Output
  private let label: String
  private let unit: String
  private let total: Int
  private let startSeconds: Double
  private let startDone: Int
  private var shownSeconds: Double?
  private var shownDone: Int

  /// - Parameters:
  ///   - label: What is being done: "train".
  ///   - total: Units of work in all, those done before included.
  ///   - unit: The plural of what is counted: "steps".
  ///   - done: Units that an earlier start finished; they do not count for the rate.
  ///   - seconds: The clock now, from any origin.
  public init(label: String, total: Int, unit: String, done: Int = 0, output: Output, at seconds: Double) {
    self.output = output
    self.label = label
    self.unit = unit
    self.total = total
    startSeconds = seconds
    startDone = done
    shownDone = done
  }

  /// The bytes to write now; nil if it is too early for a new line.
  public mutating func update(
    done: Int, fields: [(name: String, value: String)] = [], at seconds: Double
  ) -> String? {
    let since = shownSeconds.map { seconds - $0 }
    switch output {
    case .quiet: return nil
    case .terminal(let columns):
      // The last column stays free: a full line would wrap on some terminals.
      if let since, since < 0.1, done < total { return nil }
      note(done, seconds)
      return "\r\(line(done, fields, seconds).text(width: columns - 1))\u{1B}[K"
    case .plain:
      let tenth = max(1, total / 10)
      let isDue = shownSeconds == nil || seconds - (shownSeconds ?? 0) >= 30 || done / tenth > shownDone / tenth
      guard isDue || done >= total && shownDone < total else { return nil }
      note(done, seconds)
      return line(done, fields, seconds).plain + "\n"
    }
  }

  /// The bytes that clear the line before another message is written; the next update draws it again.
  public mutating func interrupt() -> String? {
    guard case .terminal = output, shownSeconds != nil else { return nil }
    shownSeconds = nil
    return "\r\u{1B}[K"
  }

  private mutating func note(_ done: Int, _ seconds: Double) {
    shownSeconds = seconds
    shownDone = done
  }

  private func line(_ done: Int, _ fields: [(name: String, value: String)], _ seconds: Double) -> ProgressLine {
    let elapsed = seconds - startSeconds
    let rate = elapsed > 0 && done > startDone ? Double(done - startDone) / elapsed : nil
    return ProgressLine(label: label, done: done, total: total, unit: unit, rate: rate, fields: fields)
  }
}
