import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor
import GroveTrain

/// An encoder-decoder with one kind of encoder, trained on texts with facts.
enum ConditionalArm: String, CaseIterable, Sendable {
  /// Local attention and a feed-forward layer of the full width for every position.
  case dense
  /// CoLT5: learned routers.
  case conditional
  /// The same without routers: chance chooses.
  case random

  static let costs = "costs"

  private var routing: RoutingConfig.Kind {
    switch self {
    case .dense: .local
    case .conditional: .learned
    case .random: .random
    }
  }

  func shaped(_ model: EncoderDecoderConfig) -> EncoderDecoderConfig {
    var model = model
    model.routing.kind = routing
    return model
  }

  /// Trains from one seed; the answers on held-out texts, and what the routers chose in them.
  func train(_ config: ConditionalConfig, seed: Int, _ run: RecipeRun) throws -> ArmFigures {
    let sides = try RecipeTexts.bytes(of: config.text, split: SplitRule(validationShare: 0.2, seed: 0), in: run.corpus)
    let (texts, judged) = (NeedleTexts(sides[.train] ?? []), NeedleTexts(sides[.validation] ?? []))
    // The same texts for all arms.
    let random = RandomKey(seed: UInt64(seed)).split("colt5-conditional")
    let model = try T5(shaped(config.model), weights: .random(random.split("weights")))
    try model.prepare(.float32, training: true, device: run.device)
    var figures = ArmFigures()
    let losses = try config.training.run(model, steps: config.steps, random: random.split("dropout")) { step, mode in
      let stage = config.stage(of: step)
      let batch = (0..<stage.batchSize).map {
        texts.example(length: stage.length, random.split("texts").split(step).split($0))
      }
      return try Self.loss(model, batch, mode, device: run.device)
    } onStep: { step, loss in
      try run.checkStop()
      run.onEvent(.step(arm: rawValue, seed: seed, step: step, of: config.steps, lossNats: loss))
    }
    figures.series["training loss"] = losses
    figures.figures["parameters"] = Double(try model.parameterCount())
    let heldOut = (0..<config.heldOutTexts).map {
      judged.example(length: config.judgedLength, RandomKey(seed: 0).split("held out").split($0))
    }
    try judge(model, heldOut, device: run.device, &figures)
    return figures
  }

  private static func loss(
    _ model: T5, _ batch: [NeedleTexts.Example], _ mode: Mode, device: Device
  ) throws -> Tensor {
    let questions = batch[0].questions.count
    let source = try Tensor(batch.flatMap(\.tokens), [batch.count, batch[0].tokens.count]).moved(to: device)
    let asked = try Tensor(batch.flatMap(\.questions), [batch.count, questions]).moved(to: device)
    let answers = try Tensor(batch.flatMap(\.answers), [batch.count, questions]).moved(to: device)
    return try model.loss(source, decoding: asked, targets: answers, mode)
  }

  private func judge(
    _ model: T5, _ texts: [NeedleTexts.Example], device: Device, _ figures: inout ArmFigures
  ) throws {
    var right = [[Double]](repeating: [], count: 2)
    var routing = RoutingTally()
    for text in texts {
      let source = try Tensor(text.tokens, [1, text.tokens.count]).moved(to: device)
      let asked = try Tensor(text.questions, [1, text.questions.count]).moved(to: device)
      let best: [Int64] = try withGradients(.off) {
        try model.logits(asked, reading: model.encoded(source, .inference), .inference).argumentOfMaximum(-1)
          .values()
      }
      for steps in 0..<2 {
        let questions = text.questions.indices.filter { text.takesTwo($0) == (steps == 1) }
        right[steps].append(Double(questions.count { best[$0] == text.answers[$0] }) / Double(questions.count))
      }
      routing.add(try model.routingChoices(source), text, model.config.routing)
    }
    let shares = try right.map(Statistics.mean)
    figures.figures["accuracy of one fact"] = shares[0]
    figures.figures["accuracy of two facts"] = shares[1]
    figures.figures["accuracy"] = (shares[0] + shares[1]) / 2  // as many questions of each kind
    figures.figures.merge(routing.figures) { $1 }
  }

  /// Seconds and bytes of a training step over the length of the text, arms in turn.
  static func costs(_ config: ConditionalConfig) throws -> ArmFigures {
    var figures = ArmFigures()
    for length in config.timedLengths {
      let text = [UInt8]((0..<length).map { UInt8($0 * 31 % 256) })
      let example = NeedleTexts(text).example(length: length, RandomKey(seed: 0))
      // The least over the rounds: what other threads of the process hold meanwhile is counted too.
      var bytes = [Double](repeating: .infinity, count: allCases.count)
      let ways = try allCases.enumerated().map { index, arm in
        let model = try T5(arm.shaped(config.timedModel), weights: .random(RandomKey(seed: 0)))
        try model.prepare(.float32, training: true, device: .cpu)
        let step = TrainingStep(
          optimizer: try Optimizer(OptimizerConfig(), parameters: model.parameters()), gradientClip: 1)
        return {
          let peak = try PassMemory.peakBytes {
            _ = try step(microBatches: 1, learningRate: 1e-4) { _ in
              try loss(model, [example], .inference, device: .cpu)
            }
          }
          bytes[index] = min(bytes[index], Double(peak))
        }
      }
      let seconds = try InterleavedTiming(rounds: config.timedRounds).seconds(ways)
      for (index, arm) in allCases.enumerated() {
        figures.series["\(arm.rawValue): seconds at \(length)"] = seconds[index]
        figures.series["\(arm.rawValue): bytes", default: []].append(bytes[index])
        let shape = arm.shaped(config.timedModel)
        figures.series["\(arm.rawValue): operations", default: []].append(shape.encoderOperations(length: length))
        figures.figures["\(arm.rawValue): parameters"] = Double(shape.parameterCount)
      }
    }
    return figures
  }
}

/// What the routers chose in some texts.
private struct RoutingTally {
  /// Routers and texts whose choice has not the size that the config says, or has a place twice.
  private var wrong = 0
  private var choices = 0
  private var found: [RoutingChoice.Role: (needles: Double, chosen: Double)] = [:]

  mutating func add(_ made: [RoutingChoice], _ text: NeedleTexts.Example, _ config: RoutingConfig) {
    let needles = Set(text.needles)
    for choice in made {
      let share = choice.role == .keys ? config.keyShare : config.share
      let expected = Int((share * Double(text.tokens.count)).rounded())
      for places in choice.places {
        choices += 1
        if places.count != expected || Set(places).count != expected { wrong += 1 }
        let hits = Double(places.count(where: needles.contains)) / Double(needles.count)
        let before = found[choice.role] ?? (0, 0)
        found[choice.role] = (before.needles + hits, before.chosen + 1)
      }
    }
  }

  var figures: [String: Double] {
    var figures = ["choices": Double(choices), "wrong choices": Double(wrong)]
    for (role, sums) in found { figures["needles among \(role.rawValue)"] = sums.needles / sums.chosen }
    return figures
  }
}
