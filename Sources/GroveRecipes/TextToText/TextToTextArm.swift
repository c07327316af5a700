import GroveCore
import GroveEval
import GroveModel
import GroveTensor
import GroveTrain

/// A model with one kind of pre-training, fine-tuned on each task.
enum TextToTextArm: String, CaseIterable, Sendable {
  /// An encoder-decoder that was not pre-trained.
  case random
  /// An encoder-decoder that filled gaps in cleaned text.
  case denoising
  /// A decoder that went on from the beginning of cleaned text.
  case languageModel = "language-model"
  /// As `denoising`, on text as it is.
  case uncleaned

  static let texts = "texts"

  private var isDecoder: Bool { self == .languageModel }

  private func model(_ config: TextToTextConfig, vocabulary: Int, _ weights: InitialWeights) throws -> TextToTextModel {
    if isDecoder { return .decoder(try makeModel(config.decoder(vocabulary: vocabulary), weights: weights)) }
    return .encoderDecoder(try T5(config.model(vocabulary: vocabulary), weights: weights))
  }

  private func prepare(_ model: TextToTextModel, _ device: Device) throws {
    switch model {
    case .encoderDecoder(let model): try model.prepare(.float32, training: true, device: device)
    case .decoder(let model): try model.prepare(.float32, training: true, device: device)
    }
  }

  /// Pre-trains from one seed, fine-tunes on each task and gives the scores.
  func train(_ config: TextToTextConfig, _ data: TextToTextData, seed: Int, _ run: RecipeRun) throws -> ArmFigures {
    // The same passages in the same order for all arms, and the same examples.
    let random = RandomKey(seed: UInt64(seed)).split("t5-text-to-text")
    let weights = InitialWeights.random(random.split("weights"))
    let base = try model(config, vocabulary: data.vocabularySize, weights)
    try prepare(base, run.device)
    var figures = ArmFigures()
    figures.figures["parameters"] = Double(try base.parameterCount())
    if self != .random {
      figures.series["training loss"] = try pretrain(base, config, data, random, seed: seed, run)
    }
    for task in TextTask.allCases {
      let tuned = try model(config, vocabulary: data.vocabularySize, weights)
      try prepare(tuned, run.device)
      try tuned.copyParameters(from: base)
      try tune(tuned, task, config, data, random.split(task.rawValue), run)
      let scores = try scores(tuned, task, data, device: run.device)
      figures.series["\(task.rawValue): score"] = scores
      figures.figures["score, \(task.rawValue)"] = try Statistics.mean(scores)
    }
    let all = TextTask.allCases.compactMap { figures.figures["score, \($0.rawValue)"] }
    figures.figures["mean score"] = try Statistics.mean(all)
    return figures
  }

  private func pretrain(
    _ model: TextToTextModel, _ config: TextToTextConfig, _ data: TextToTextData, _ random: RandomKey, seed: Int,
    _ run: RecipeRun
  ) throws -> [Double] {
    let passages = self == .uncleaned ? data.uncleaned : data.cleaned
    let (steps, size) = (config.pretrainingSteps, config.pretrainingBatch)
    let order = EpochOrder(count: passages.count, key: random.split("order").split("epoch"))
    return try model.train(config.pretraining, steps: steps, random: random.split("dropout")) { step, mode in
      let pairs = (0..<size).map { index -> (source: [Int64], target: [Int64]) in
        let passage = passages[order[step * size + index].item]
        // A model of language goes on from nothing.
        if isDecoder { return ([], passage) }
        let pair = config.corruption.pair(
          passage, sentinels: data.sentinels, random: random.split("spans").split(step).split(index))
        return (pair.source, pair.target)
      }
      return try model.loss(.init(pairs, first: data.end, device: run.device), mode)
    } onStep: { step, loss in
      try run.checkStop()
      run.onEvent(.step(arm: rawValue, seed: seed, step: step, of: steps, lossNats: loss))
    }
  }

  private func tune(
    _ model: TextToTextModel, _ task: TextTask, _ config: TextToTextConfig, _ data: TextToTextData,
    _ random: RandomKey, _ run: RecipeRun
  ) throws {
    let examples = data.examples(task, .train)
    let size = config.fineTuningBatch
    let order = EpochOrder(count: examples.count, key: random.split("epoch"))
    _ = try model.train(config.fineTuning, steps: config.fineTuningSteps, random: random.split("dropout")) {
      step, mode in
      let batch = (0..<size).map { examples[order[step * size + $0].item] }
      return try model.loss(
        .init(batch.map { ($0.question, $0.answer) }, first: data.end, device: run.device), mode)
    } onStep: { _, _ in
      try run.checkStop()
    }
  }

  /// Of each held-out example: whether greedy decoding writes the answer and ends, where it names a class; else the share of
  /// the answer's tokens that are the likeliest behind those before them.
  private func scores(
    _ model: TextToTextModel, _ task: TextTask, _ data: TextToTextData, device: Device
  ) throws -> [Double] {
    let examples = data.examples(task, .validation)
    return try stride(from: 0, to: examples.count, by: 64).flatMap { start -> [Double] in
      let part = examples[start..<min(start + 64, examples.count)]
      let batch = try TextToTextModel.Batch(
        part.map { ($0.question, $0.answer) }, first: data.end, device: device)
      let (best, width) = (try model.likeliest(batch), batch.written.size(1))
      return part.enumerated().map { row, example in
        let hits = example.answer.indices.count { best[row * width + $0] == example.answer[$0] }
        let share = Double(hits) / Double(example.answer.count)
        return task.classes.isEmpty ? share : share.rounded(.down)
      }
    }
  }

  /// Whether texts are made as they should be: gaps that can be filled again, and lines that keep to the rules.
  static func texts(_ config: TextToTextConfig, _ data: TextToTextData) -> ArmFigures {
    var figures = ArmFigures(figures: data.cleaningFigures)
    let hidden = config.corruption.hidden(of: config.length)
    var broken = 0.0
    let passages = data.cleaned.prefix(1000)
    for (index, passage) in passages.enumerated() {
      let pair = config.corruption.pair(
        passage, sentinels: data.sentinels, random: RandomKey(seed: 0).split("texts").split(index))
      let shown = pair.source.count { !data.sentinels.contains($0) }
      if SpanCorruption.text(pair, sentinels: data.sentinels) != passage || passage.count - shown != hidden.tokens {
        broken += 1
      }
    }
    figures.figures["passages"] = Double(passages.count)
    figures.figures["passages not found again"] = broken
    figures.figures["share hidden"] = Double(hidden.tokens) / Double(config.length)
    figures.figures["mean span"] = Double(hidden.tokens) / Double(hidden.spans)
    let cost = config.operationsOfPassage(vocabulary: data.vocabularySize)
    figures.figures["cost of denoising over that of a model of language"] = cost.encoderDecoder / cost.decoder
    return figures
  }
}
