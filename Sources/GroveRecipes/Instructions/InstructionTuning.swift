import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTrain

/// Plain training on instructions, with the loss on the responses, and what a model then answers.
struct InstructionTuning: Sendable {
  let examples: InstructionExamples
  let device: Device

  /// Tunes a checkpoint to some tasks and writes the result as a checkpoint.
  /// - Parameters:
  ///   - seed: of the examples.
  ///   - onStep: told the step done, from 1, and its loss; what it throws ends the tuning.
  func tune(
    _ start: URL, on tasks: [any Instruction], seed: Int, to folder: URL, onStep: (Int, Double) throws -> Void
  ) throws {
    let source = try ModelFolder.load(start)
    let model = try makeModel(source.config, weights: .random(RandomKey(seed: UInt64(seed))))
    try model.prepare(.float32, training: true, device: device)
    try model.copyParameters(from: source)
    let key = RandomKey(seed: UInt64(seed)).split("instruction tuning")
    _ = try examples.config.training.run(model, steps: examples.config.steps, random: key) { step, mode in
      let (inputs, targets) = try examples.batch(tasks, step: step, seed: key.split("examples"), device: device)
      return try model.loss(inputs, targets: targets, zLoss: 0, ForwardPass(mode))
    } onStep: {
      try onStep($0, $1)
    }
    if FileSystem.isFolder(folder) { try FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    try ModelFolder.save(model, endOfText: examples.endOfText, to: folder)
    try examples.tokenizer.write(toFolder: folder)
  }

  /// For each held-out question of a task, 1 if greedy decoding writes the response to its end, else 0.
  /// - Parameter model: prepared for inference.
  func right(_ task: any Instruction, _ model: any LanguageModel) throws -> [Double] {
    let items = examples.tests(task)
    let matches = try GreedyMatch.leadingMatches(items, under: model, device: device)
    return zip(items, matches).map { $0.tokens.count - $0.prefix == $1 ? 1 : 0 }
  }

  /// The same of a checkpoint.
  func right(_ task: any Instruction, _ checkpoint: URL) throws -> [Double] {
    let model = try ModelFolder.load(checkpoint)
    try model.prepare(.float32, training: false, device: device)
    return try right(task, model)
  }
}
