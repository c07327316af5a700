import Foundation
import GroveCore
import GroveTrain

extension RecipeRun {
  /// Trains a model through the ordinary trainer, from the first step on; what an earlier call left is removed, since it
  /// may be in part only.
  /// - Returns: the folder, in which the last step has a checkpoint.
  /// - Throws: `RecipeInterrupted` when the caller asked to stop.
  func train(_ config: RunConfig, in folder: URL, as arm: String, seed: Int) throws -> RunFolder {
    let folder = RunFolder(folder)
    if FileSystem.isFolder(folder.url) { try FileSystem.remove(folder.url) }
    let trainer = try Trainer(config, folder: folder, device: device)
    let outcome = try trainer.run(shouldStop: shouldStop) { [onEvent] event in
      guard case .step(let record) = event else { return }
      onEvent(
        .step(arm: arm, seed: seed, step: record.step, of: config.training.steps, lossNats: record.lossNats))
    }
    if outcome != .finished { throw RecipeInterrupted() }
    return folder
  }
}
