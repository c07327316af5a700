import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor

/// A merge that is looked at and thrown away.
enum MergedModel {
  /// Merges, hands out the model and its folder, and removes the folder.
  /// - Parameters:
  ///   - names: what the draws of random methods call the models, so that they do not depend on where the run's folder lies.
  ///   - place: a folder of the caller's own.
  static func look<Result>(
    _ config: MergeConfig, names: [String: String], random: RandomKey, in place: URL, device: Device,
    _ body: (any LanguageModel, URL) throws -> Result
  ) throws -> Result {
    let folder = place.appending(path: "merged")
    if FileSystem.isFolder(folder) { try FileSystem.remove(folder) }
    defer { try? FileSystem.remove(folder) }
    try ModelMerge(MergePlan(config), random: random, names: names).write(to: folder) { _ in }
    let model = try ModelFolder.load(folder)
    try model.prepare(.float32, training: false, device: device)
    return try body(model, folder)
  }
}
