public import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// Models averaged by their Fisher information, tensor by tensor into a folder that appears whole or not at all.
public struct FisherModelMerge {
  private let models: MergePlan
  private let information: MergePlan
  private let merge: FisherMerge

  /// - Parameters:
  ///   - models: local folders of one shape.
  ///   - information: for each of them what `FisherInformation` wrote.
  ///   - weights: one for each model, positive.
  ///   - floor: added to the information, not negative.
  /// - Throws: `GroveError` if the folders do not fit together, or a weight is not positive.
  public init(models: [String], information: [String], weights: [Double], floor: Double = 1e-8) throws {
    guard models.count == information.count, models.count == weights.count, !models.isEmpty else {
      throw GroveError(
        .argument, "models",
        "\(models.count) models, \(information.count) folders of information, \(weights.count) weights",
        remedy: "Give one of each for every model.")
    }
    if let weight = weights.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw GroveError(.argument, "weights", "\(weight) is not positive", remedy: "Leave the model out.")
    }
    guard floor >= 0, floor.isFinite else {
      throw GroveError(.argument, "floor", "\(floor) is negative or not a number")
    }
    let ones = weights.map { _ in 1.0 }
    self.models = try MergePlan(.average(of: models, weights: ones))
    self.information = try MergePlan(.average(of: information, weights: ones))
    merge = FisherMerge(weights: weights, floor: floor)
    func described(_ plan: MergePlan) -> [String] { plan.tensors.map { "\($0.name) \($0.shape)" } }
    guard described(self.models) == described(self.information) else {
      throw GroveError(
        .mismatch, information[0], "has other tensors than \(models[0])",
        remedy: "Write the information of each model from its own checkpoint.")
    }
  }

  /// Writes the merged checkpoint with the config and tokenizer of the first model.
  /// - Throws: `GroveError` if the folder is there already and not empty. Then nothing appears.
  /// - Complexity: memory for a few copies of the largest tensor, whatever the number of models.
  public func write(to folder: URL) throws {
    let items = models.entries.map { entry in
      SafetensorsWriter.Item(entry.name, entry.outDType, entry.shape) {
        try withGradients(.off) {
          let inputs = MergeInputs(
            name: entry.name, models: models.modelNames, base: nil, random: RandomKey(seed: 0)
          ) { try models.models[$0].tensor(entry.name) }
          return try merge.merge(inputs) { try information.models[$0].tensor(entry.name) }.cast(to: entry.outDType)
        }
      }
    }
    try OutputFolder.write(folder) { aside in
      try ModelFolder.write(items, to: aside, shardBytes: 5_000_000_000)
      try FileSystem.write(models.outputConfig.prettyText + "\n", to: aside.appending(path: "config.json"))
      try TokenizerFiles(models).write(to: aside)
    }
  }
}
