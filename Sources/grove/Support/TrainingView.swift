import Foundation
import GroveTrain

/// Shows a run on standard error as it goes.
final class TrainingView {
  private let line: ProgressLine
  private var summary: RunSummary?
  private var speed = 0.0

  init(quiet: Bool) { line = ProgressLine(quiet: quiet) }

  func receive(_ event: TrainingEvent) {
    switch event {
    case .started(let summary):
      self.summary = summary
      line.note(
        "\(summary.name): \(Numbers.short(summary.parameters)) parameters, \(summary.steps) steps of "
          + "\(Numbers.short(summary.tokensPerStep)) tokens, \(summary.precision) on \(summary.device), "
          + "\(summary.threads) threads, ceiling \(Numbers.short(summary.ceilingGigaflops * 1e9))FLOP/s")
    case .step(let record): show(record)
    case .validated(let record):
      line.note("step \(record.step): \(Numbers.fixed(record.bitsPerByte, 4)) bits per byte, held out")
    case .skipped(let step, let reason): line.note("step \(step) skipped: \(reason)")
    case .rolledBack(let from, let to, let leftOut):
      line.note("rolled back from step \(from) to \(to); left out the batches of steps \(leftOut.map { $0 + 1 })")
    case .resumed(let step, let checkpoint): line.note("resumed at step \(step) from \(checkpoint.lastPathComponent)")
    case .setAside(let checkpoint, let reason):
      line.note("damaged checkpoint set aside as \(checkpoint.lastPathComponent): \(reason)")
    case .warning(let text): line.note("warning: \(text)")
    case .saved, .interrupted, .finished: break
    }
  }

  func end() { line.end() }

  private func show(_ record: StepRecord) {
    speed = speed == 0 ? record.tokensPerSecond : 0.95 * speed + 0.05 * record.tokensPerSecond
    guard let summary else { return }
    let left = Double((summary.steps - record.step) * summary.tokensPerStep) / speed
    let share = Double(record.step) / Double(summary.steps)
    line.show(
      "\(ProgressLine.bar(share)) \(record.step)/\(summary.steps)  loss \(Numbers.fixed(record.lossNats, 4))  "
        + "\(Numbers.short(speed)) tokens/s  \(Numbers.fixed(100 * record.ceilingShare, 0))% of ceiling  "
        + "left \(Numbers.duration(left))")
  }
}

extension ProgressLine {
  /// "━━━━━━╸      " for a share of 0 to 1.
  static func bar(_ share: Double) -> String {
    let width = 20
    let full = min(width, Int(share * Double(width)))
    return String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
  }
}
