import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// A classifier with one kind of attention, trained on one task.
struct HrrformerArm: Sendable {
  let task: HrrformerTask.Kind
  let attention: AttentionConfig.Kind

  static let all = HrrformerTask.Kind.allCases.flatMap { task in
    [AttentionConfig.Kind.softmax, .holographic].map { HrrformerArm(task: task, attention: $0) }
  }
  static let costs = "costs"

  var name: String { "\(task.rawValue)-\(attention.rawValue)" }

  /// The encoder of the arm.
  func encoder(_ config: HrrformerConfig) -> EncoderConfig {
    switch task {
    case .bytes: config.encoder(attention, vocabulary: 256, length: config.textLength)
    case .lists: config.encoder(attention, vocabulary: ListOperations.vocabulary, length: config.listLength)
    }
  }

  /// Trains from one seed; the accuracy on held-out sequences after equal parts of the steps, and their mean loss.
  func train(_ config: HrrformerConfig, seed: Int, _ run: RecipeRun) throws -> ArmFigures {
    let task = try HrrformerTask(self.task, config, corpus: run.corpus)
    // The same draws of text for both kinds of attention.
    let random = RandomKey(seed: UInt64(seed)).split("hrrformer")
    let model = try TextClassifier(
      encoder(config), classes: task.classes, weights: .random(random.split("weights")))
    try model.prepare(.float32, training: true, device: run.device)
    var figures = ArmFigures()
    let part = config.steps / config.evaluations
    let losses = try config.training.run(model, steps: config.steps, random: random.split("dropout")) { step, mode in
      let items = (0..<config.batchSize).map { task.example(step * config.batchSize + $0, random.split("examples")) }
      return try LabelledSequences.loss(items, under: model, mode, on: run.device)
    } onStep: { step, loss in
      try run.checkStop()
      run.onEvent(.step(arm: name, seed: seed, step: step, of: config.steps, lossNats: loss))
      if step % part == 0 {
        figures.series["accuracy", default: []].append(
          try LabelledSequences.judged(task.heldOut, by: model, on: run.device).accuracy)
      }
    }
    figures.series["training loss"] = losses
    figures.figures["accuracy"] = figures.series["accuracy"]?.last
    figures.figures["best accuracy"] = figures.series["accuracy"]?.max()
    figures.figures["parameters"] = Double(try model.parameterCount())
    return figures
  }

  /// Seconds and memory of a training step over the length of a text, and how well what is bound is found again.
  static func costs(_ config: HrrformerConfig) throws -> ArmFigures {
    var figures = ArmFigures()
    for length in config.timedLengths {
      let kinds = [AttentionConfig.Kind.softmax, .holographic]
      var bytes = [Double](repeating: 0, count: kinds.count)
      let ways = try kinds.enumerated().map { index, kind in
        let model = try TextClassifier(
          config.encoder(kind, vocabulary: 256, length: length), classes: 2, weights: .random(RandomKey(seed: 0)))
        try model.prepare(.float32, training: true, device: .cpu)
        let weights = try model.parameters().map(\.parameter.working)
        let tokens = try Tensor((0..<length).map { Int64($0 % 256) }, [1, length])
        let label = try Tensor([Int64(1)], [1])
        return {
          let peak = try PassMemory.peakBytes {
            let logits = try model.logits(tokens, attended: nil, .inference)
            try crossEntropy(logits, label, reduction: .meanOverTokens, ignoring: ignoredTarget).backward()
          }
          bytes[index] = Double(peak)
          for weight in weights { try weight.clearGradient() }
        }
      }
      let medians = try InterleavedTiming(rounds: config.timedRounds).medians(ways)
      for (index, kind) in kinds.enumerated() {
        figures.series["\(kind.rawValue) seconds", default: []].append(medians[index])
        figures.series["\(kind.rawValue) bytes", default: []].append(bytes[index])
      }
    }
    figures.series["likeness"] = try [1, 2, 4, 8].map { try likeness(pairs: $0, width: 64) }
    return figures
  }

  /// The mean cosine of a value and what a key finds of it in the sum of so many bound pairs.
  static func likeness(pairs: Int, width: Int) throws -> Double {
    let (key, count) = (RandomKey(seed: 0).split("pairs"), 64)
    let holographic = Holographic(width: width)
    func vectors(_ name: String) throws -> Tensor {
      try .normal([count, pairs, width], deviation: 1 / Double(width).squareRoot(), random: key.split(name))
    }
    let (keys, values) = (try vectors("keys"), try vectors("values"))
    let sum = try holographic.bound(keys, values).sum(1, axis: .kept)
    let found = try holographic.unbound(keys, from: sum)
    let lengths = try (found * found).sum(-1, axis: .removed) * (values * values).sum(-1, axis: .removed)
    return try ((found * values).sum(-1, axis: .removed) / lengths.squareRoot()).mean().item()
  }
}
