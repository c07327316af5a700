import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor
import GroveTokenizer
import GroveTrain

/// One size and seed: trained through the ordinary trainer, then measured.
struct PythiaArm {
  let size: PythiaSize
  let seed: Int
  let data: PythiaData
  let run: RecipeRun
  var config: PythiaConfig { data.config }

  /// The resolved config of the training run.
  func runConfig(steps: Int) -> RunConfig {
    var result = RunConfig()
    result.model = PythiaArm.model(size, config)
    result.data.folder = data.shards.path
    result.training.seed = seed
    result.training.steps = steps
    result.training.batchSize = config.batchSize
    result.training.precision = run.scale == .full ? .bfloat16 : .float32
    result.training.optimizer.learningRate = size.learningRate
    result.training.schedule.warmupSteps = max(1, steps / 50)
    result.training.threads = run.device == .cpu ? 1 : 0
    result.validation.everySteps = 0
    result.checkpoints.logarithmic = true
    result.checkpoints.everySteps = max(1, steps / config.regularCheckpoints)
    result.checkpoints.keep = 0
    return result
  }

  static func model(_ size: PythiaSize, _ config: PythiaConfig) -> ModelConfig {
    var model = ModelConfig()
    model.vocabularySize = config.vocabularySize
    model.contextLength = config.contextLength
    model.width = size.width
    model.layers = size.layers
    model.attention.heads = size.heads
    model.attention.keyValueHeads = size.heads
    model.feedForwardWidth = (8 * size.width / 3 + 7) / 8 * 8
    return model
  }

  /// Trains and measures.
  /// - Parameter restartingAt: a share of the steps after which the run is stopped once and taken up again; nil for never.
  func figures(in place: URL, restartingAt share: Double?) throws -> ArmFigures {
    let dataset = try TokenDataset(
      folder: data.shards, split: .train, domains: .all, contextLength: config.contextLength)
    let sequences = dataset.domains.reduce(0) { $0 + $1.sequences }
    let steps = config.passes * sequences / config.batchSize
    let folder = RunFolder(place.appending(path: "run"))
    if let share { try train(folder, steps: steps, stoppingAt: Int(share * Double(steps))) }
    try train(folder, steps: steps, stoppingAt: nil)
    var result = try reconstructed(folder, steps: steps)
    if share == nil {
      try measureMemory(folder, dataset, sequences, steps, &result)
      try measureArithmetic(folder, &result)
    }
    return result
  }

  private func train(_ folder: RunFolder, steps: Int, stoppingAt stop: Int?) throws {
    let trainer = try Trainer(runConfig(steps: steps), folder: folder, device: run.device)
    var step = 0
    let outcome = try trainer.run(shouldStop: { step == stop || run.shouldStop() }) { event in
      guard case .step(let record) = event else { return }
      step = record.step
      run.onEvent(.step(arm: size.name, seed: seed, step: step, of: steps, lossNats: record.lossNats))
    }
    if outcome != .finished, stop == nil || step != stop { throw RecipeInterrupted() }
  }

  // MARK: The batch of any step, from the folder alone

  /// Hashes of the batches of log-spaced steps as the run's folder gives them, of the last weights, and how far the loss
  /// of the reconstructed batches is from the loss that the training wrote down.
  private func reconstructed(_ folder: RunFolder, steps: Int) throws -> ArmFigures {
    var result = ArmFigures()
    let logged = Dictionary(try RunMetrics(folder).steps.map { ($0.step, $0.lossNats) }) { _, last in last }
    var hashes: [Double] = []
    var largest = 0.0
    for step in PythiaArm.sampledSteps(steps) {
      let batch = try RunBatch(folder, step: step, data: nil)
      hashes.append(PythiaArm.number(ContentHash.of(batch.sequences.map { "\($0.tokens)" }.joined())))
      // A checkpoint of the step before has the weights that this batch met.
      guard let loss = logged[step], try folder.checkpointSteps().contains(step - 1) else { continue }
      let model = try ModelFolder.load(folder.checkpoint(step: step - 1))
      try model.prepare(.float32, training: false, device: run.device)
      largest = max(largest, abs(try PythiaArm.loss(batch, model, run.device) - loss))
    }
    result.series["batches"] = hashes
    result.figures["largest loss difference"] = largest
    let weights = folder.checkpoint(step: steps).appending(path: "model.safetensors")
    result.figures["weights"] = PythiaArm.number(try ContentHash.ofFile(weights))
    result.figures["final loss"] = logged[steps] ?? .nan
    return result
  }

  private static func loss(_ batch: RunBatch, _ model: any LanguageModel, _ device: Device) throws -> Double {
    let shape = [batch.sequences.count, batch.sequences[0].tokens.count - 1]
    let tokens = try Tensor(batch.sequences.flatMap { $0.tokens.dropLast() }, shape).moved(to: device)
    let targets = try Tensor(batch.sequences.flatMap { $0.tokens.dropFirst() }, shape).moved(to: device)
    return try withGradients(.off) {
      try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference)).item()
    }
  }

  /// 1, 2, 3, 5, 9, … (one after each logarithmic checkpoint) and the last step.
  static func sampledSteps(_ steps: Int) -> [Int] {
    ([1] + (0..<10).map { (1 << $0) + 1 } + [steps]).filter { $0 <= steps }
  }

  /// The first 52 bits of a hash: a number that JSON keeps exactly.
  static func number(_ hash: String) -> Double { Double(UInt64(hash.prefix(13), radix: 16) ?? 0) }

  // MARK: What the last weights know

  private static let scoredAtOnce = 8192

  /// Of every sequence of the last pass, in training order: whether greedy decoding from its first tokens writes the next.
  private func measureMemory(
    _ folder: RunFolder, _ dataset: TokenDataset, _ sequences: Int, _ steps: Int, _ result: inout ArmFigures
  ) throws {
    let model = try ModelFolder.load(folder.checkpoint(step: steps))
    try model.prepare(.float32, training: false, device: run.device)
    let order = try dataset.order(seed: UInt64(seed), mixing: .proportional)
    let first = (config.passes - 1) * sequences
    let samples = first..<min(first + sequences, steps * config.batchSize)
    let k = config.prefixTokens
    var window = [Int64](repeating: 0, count: config.contextLength + 1)
    var counts = [Double](repeating: 0, count: config.bins)
    var totals = counts
    // In parts, so that memory does not grow with the corpus.
    for start in stride(from: samples.lowerBound, to: samples.upperBound, by: PythiaArm.scoredAtOnce) {
      let part = start..<min(start + PythiaArm.scoredAtOnce, samples.upperBound)
      let items = try order.sequences(samples: part).map { sequence in
        try window.withUnsafeMutableBufferPointer { try dataset.fill(sequence, into: $0) }
        return GreedyMatch.Item(tokens: Array(window[..<(2 * k)]), prefix: k)
      }
      let matches = try GreedyMatch.leadingMatches(items, under: model, device: run.device)
      for (sample, match) in zip(part, matches) {
        let bin = (sample - first) * config.bins / samples.count
        totals[bin] += 1
        if match == k { counts[bin] += 1 }
      }
    }
    result.series["memorised"] = counts
    result.series["sequences"] = totals
    result.figures["memorised share"] = counts.reduce(0, +) / Double(samples.count)
  }

  /// The share of right answers of every operand, at every checkpoint and at the end.
  private func measureArithmetic(_ folder: RunFolder, _ result: inout ArmFigures) throws {
    let tokenizer = try Tokenizer(contentsOf: data.shards.appending(path: Tokenizer.fileName))
    let text = data.arithmetic
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
    let end = Int64(try TokenizerIdentity(tokenizer).endOfText)
    let items = text.questions().map { prompt, answer in
      let given = [end] + encoder.encode(prompt).map { Int64($0) }
      return GreedyMatch.Item(tokens: given + encoder.encode(answer).map { Int64($0) }, prefix: given.count)
    }
    let counts = text.operands.map { Double($0.lines) }
    var steps: [Double] = []
    var accuracies: [Double] = []
    var correlations: [Double] = []
    for step in try folder.checkpointSteps() {
      let model = try ModelFolder.load(folder.checkpoint(step: step))
      try model.prepare(.float32, training: false, device: run.device)
      let matches = try GreedyMatch.leadingMatches(items, under: model, device: run.device)
      let right = zip(items, matches).map { $0.tokens.count - $0.prefix == $1 ? 1.0 : 0.0 }
      let each = stride(from: 0, to: right.count, by: text.config.addends).map {
        right[$0..<$0 + text.config.addends].reduce(0, +) / Double(text.config.addends)
      }
      steps.append(Double(step))
      accuracies.append(each.reduce(0, +) / Double(each.count))
      correlations.append(RankCorrelation.spearman(counts, each))
      result.series["accuracy"] = each
    }
    result.series["checkpoints"] = steps
    result.series["accuracy by checkpoint"] = accuracies
    result.series["correlation by checkpoint"] = correlations
    result.figures["accuracy"] = accuracies.last ?? 0
    result.figures["correlation"] = correlations.last ?? 0
  }
}
