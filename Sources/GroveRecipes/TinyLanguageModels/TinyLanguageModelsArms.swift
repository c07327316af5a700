import Foundation
import GroveCore
import GroveModel

/// What is trained: the deep encoder from scratch and from each pre-training size, and the committee's members.
struct TinyLanguageModelsArms: Sendable {
  let config: TinyLanguageModelsConfig
  let data: PassageData
  let run: RecipeRun

  static let scratch = "deep-scratch"
  static let member = "member"
  static let latency = "latency"
  static func deep(_ passages: Int) -> String { "deep-\(passages)" }
  static func probabilities(_ task: PassageTask) -> String { "probabilities \(task.rawValue)" }
  static func probabilities(sample seed: Int) -> String { "probabilities of sample \(seed)" }

  /// The longest first.
  func jobs() -> [RecipeRun.Job] {
    let seeds = run.seeds(config.seeds)
    let largest = config.pretrainingSizes.last ?? 0
    var jobs = config.pretrainingSizes.reversed().flatMap { size in
      seeds.map { seed in
        RecipeRun.Job(TinyLanguageModelsArms.deep(size), seed: seed) { _ in
          try deep(seed: seed, passages: size, tasks: size == largest ? PassageTask.allCases : [.section])
        }
      }
    }
    jobs += run.seeds(config.members).map { member in
      RecipeRun.Job(TinyLanguageModelsArms.member, seed: member) { _ in
        try self.member(member, passages: largest, samples: seeds)
      }
    }
    jobs += seeds.map { seed in
      RecipeRun.Job(TinyLanguageModelsArms.scratch, seed: seed) { _ in
        try deep(seed: seed, passages: 0, tasks: PassageTask.allCases)
      }
    }
    return jobs
  }

  func latency() -> RecipeRun.Job {
    RecipeRun.Job(TinyLanguageModelsArms.latency, seed: run.firstSeed) { _ in
      // Those of the machine, which the committee has too: the workers of the recipe say nothing about a decision.
      let cores = ProcessInfo.processInfo.activeProcessorCount
      let times = try CommitteeLatency(config: config, vocabularySize: data.vocabularySize).measure(cores: cores)
      return ArmFigures(figures: [
        "deep milliseconds": times.deep, "committee milliseconds": times.committee, "cores": Double(cores),
      ])
    }
  }

  private func key(_ seed: Int) -> RandomKey { RandomKey(seed: UInt64(seed)) }

  /// A deep encoder, from scratch where there are no passages.
  private func deep(seed: Int, passages: Int, tasks: [PassageTask]) throws -> ArmFigures {
    let layers = config.encoder.layers
    let training = EncoderTraining(config: config, data: data, device: run.device, random: key(seed))
    var result = ArmFigures()
    var encoder: BERT?
    if passages > 0 {
      let arm = TinyLanguageModelsArms.deep(passages)
      let pretrained = try training.pretrained(layers: layers, passages: passages, onStep: progress(arm, seed))
      encoder = pretrained.encoder
      result.figures["pre-training loss"] = pretrained.lossNats
    }
    for task in tasks {
      try run.checkStop()
      let probabilities = try training.probabilities(
        task, layers: layers, from: encoder, sample: key(seed).split("sample"))
      result.series[TinyLanguageModelsArms.probabilities(task)] = probabilities.map(Double.init)
      result.figures["accuracy \(task.rawValue)"] = try PassageScores(data, task, probabilities.map(Double.init))
        .accuracy
    }
    return result
  }

  /// A shallow encoder, pre-trained once and fine-tuned on each seed's examples.
  private func member(_ member: Int, passages: Int, samples: [Int]) throws -> ArmFigures {
    let layers = config.shallowLayers
    // Another key than the deep encoder's of the same number: members are independent of it.
    let random = key(member).split("member")
    let training = EncoderTraining(config: config, data: data, device: run.device, random: random)
    let pretrained = try training.pretrained(
      layers: layers, passages: passages, onStep: progress(TinyLanguageModelsArms.member, member))
    var result = ArmFigures(figures: ["pre-training loss": pretrained.lossNats])
    var accuracies: [Double] = []
    for seed in samples {
      try run.checkStop()
      let probabilities = try training.probabilities(
        .section, layers: layers, from: pretrained.encoder, sample: key(seed).split("sample")
      ).map(Double.init)
      result.series[TinyLanguageModelsArms.probabilities(sample: seed)] = probabilities
      accuracies.append(try PassageScores(data, .section, probabilities).accuracy)
    }
    result.figures["accuracy section"] = accuracies.reduce(0, +) / Double(accuracies.count)
    return result
  }

  private func progress(_ arm: String, _ seed: Int) -> (Int, Int, Double) throws -> Void {
    { step, steps, loss in
      try run.checkStop()
      run.onEvent(.step(arm: arm, seed: seed, step: step, of: steps, lossNats: loss))
    }
  }
}

/// Which held-out passages a model got right.
struct PassageScores {
  /// 1 for right, 0 for wrong, in the order of the passages.
  let right: [Double]
  /// The document of each passage.
  let documents: [String]

  /// - Parameter probabilities: of the classes, passage by passage.
  /// - Throws: `GroveError` if they are of other passages.
  init(_ data: PassageData, _ task: PassageTask, _ probabilities: [Double]) throws {
    let heldOut = data.heldOut(task)
    let classes = task.classes.count
    guard probabilities.count == heldOut.count * classes else {
      throw GroveError(
        .mismatch, task.rawValue, "\(probabilities.count) probabilities for \(heldOut.count) passages",
        remedy: "Remove the folder of the arm; it is then trained again.")
    }
    documents = heldOut.map(\.passage.document)
    right = heldOut.enumerated().map { index, item in
      let row = probabilities[index * classes..<(index + 1) * classes]
      let best = row.indices.max { row[$0] < row[$1] } ?? row.startIndex
      return best - row.startIndex == item.label ? 1 : 0
    }
  }

  var accuracy: Double { right.reduce(0, +) / Double(right.count) }

  /// Right answers and passages of each document, in the order of their names.
  func byDocument() -> (right: [Double], count: [Double]) {
    var sums: [String: (right: Double, count: Double)] = [:]
    for (document, value) in zip(documents, right) {
      sums[document, default: (0, 0)].right += value
      sums[document, default: (0, 0)].count += 1
    }
    let sorted = sums.sorted { $0.key < $1.key }.map(\.value)
    return (sorted.map(\.right), sorted.map(\.count))
  }
}
