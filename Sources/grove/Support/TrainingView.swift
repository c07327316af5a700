import Foundation
import GroveReport
import GroveTrain

/// Shows a run on standard error as it goes.
final class TrainingView {
  private let view: ProgressView
  private var done = 0

  init(quiet: Bool) { view = ProgressView(quiet: quiet) }

  func receive(_ event: TrainingEvent) {
    switch event {
    case .started(let summary):
      view.begin("train", total: summary.steps, unit: "steps", done: done)
      view.note(
        "\(summary.name): \(NumberText.short(summary.parameters)) parameters, \(summary.steps) steps of "
          + "\(NumberText.short(summary.tokensPerStep)) tokens, \(summary.precision) on \(summary.device), "
          + (summary.processes > 1 ? "\(summary.processes) processes of " : "")
          + "\(summary.threads) threads, ceiling \(Int(summary.ceilingGigaflops)) GFLOP/s")
    case .step(let record): show(record)
    case .validated(let record):
      view.note("step \(record.step): \(NumberText.fixed(record.bitsPerByte, 4)) bits per byte, held out")
    case .skipped(let step, let reason): view.warn("step \(step) skipped: \(reason)")
    case .rolledBack(let from, let to, let leftOut):
      view.warn("rolled back from step \(from) to \(to); left out the batches of steps \(leftOut.map { $0 + 1 })")
    case .resumed(let step, let checkpoint):
      done = step
      view.note("resumed at step \(step) from \(checkpoint.lastPathComponent)")
    case .setAside(let checkpoint, let reason):
      view.warn("damaged checkpoint set aside as \(checkpoint.lastPathComponent): \(reason)")
    case .warning(let text): view.warn("warning: \(text)")
    case .saved, .interrupted, .finished: break
    }
  }

  func end() { view.end() }

  private func show(_ record: StepRecord) {
    view.update(
      record.step,
      [
        ("loss", NumberText.fixed(record.lossNats, 4)), ("tokens/s", NumberText.short(record.tokensPerSecond)),
        ("ceiling", "\(NumberText.fixed(100 * record.ceilingShare, 0))%"),
      ])
  }
}
