import Foundation
import GroveReport

/// Writes a run's curves for TensorBoard. A board that cannot be written never stops a run: `metrics.jsonl` is the record.
final class TensorBoardLog {
  private let writer: TensorBoardWriter

  /// - Parameter step: the steps done so far, if the run goes on.
  init(_ folder: RunFolder, resumingAt step: Int?) throws {
    writer = try TensorBoardWriter(
      folder: folder.tensorboard, startedAt: Date().timeIntervalSince1970, resumingAt: step.map { $0 + 1 })
  }

  func receive(_ event: TrainingEvent) {
    let now = Date().timeIntervalSince1970
    switch event {
    case .step(let record):
      try? writer.write(
        [
          ("loss/train", record.lossNats), ("gradient/norm", record.gradientNorm),
          ("learningRate", record.learningRate), ("speed/tokensPerSecond", record.tokensPerSecond),
          ("speed/ceilingShare", record.ceilingShare),
        ], step: record.step, at: now)
    case .validated(let record):
      let domains = record.domains.sorted { $0.key < $1.key }.map { ("bitsPerByte/\($0.key)", $0.value) }
      try? writer.write([("bitsPerByte/mean", record.bitsPerByte)] + domains, step: record.step, at: now)
      try? writer.flush()
    case .skipped(let step, let reason): try? writer.write("skipped", text: reason, step: step, at: now)
    default: break
    }
  }
}
