import GroveCore
import GroveModel
public import GroveTensor

/// Measures Grove's training step: the same `TrainingStep`, `AdamW` and clipping that `Trainer` uses.
public enum TrainingBenchmark {
  /// Largest norm of the gradient; the peer clips at the same.
  static let gradientClip = 1.0

  /// Trains from the start and times every step after the warm-up. Batches are made before the clock runs.
  /// - Parameter start: consumed: its model is trained.
  /// - Throws: `GroveError` if the start has too few batches, or a step was not finite.
  public static func run(
    _ config: TrainingBenchmarkConfig, from start: BenchmarkStart, device: Device
  ) throws -> TrainingMeasurement {
    if config.threads > 0 { try Torch.setThreads(config.threads) }
    let total = config.warmupSteps + config.steps
    guard start.steps >= total else {
      throw GroveError(
        .argument, "steps", "\(total) with the warm-up, but the start has batches for \(start.steps)",
        remedy: "Measure fewer steps, or write a longer start.")
    }
    let model = start.model
    try model.prepare(config.precision, training: true, device: device)
    var optimizerConfig = OptimizerConfig()
    optimizerConfig.learningRate = config.learningRate
    let optimizer = try Optimizer(optimizerConfig, parameters: model.parameters())
    let step = TrainingStep(optimizer: optimizer, gradientClip: gradientClip)
    let batches = try (0..<total).map { try start.batch($0, on: device) }
    let pass = ForwardPass(.training(random: RandomKey(seed: UInt64(config.seed))))

    let clock = ContinuousClock()
    var seconds: [Double] = []
    var losses: [Double] = []
    // Other work on the machine slows a moment, not a run: the best of several moments is the ceiling.
    var ceiling = 0.0
    var ceilingAllocations = 0
    func probe() throws {
      let allocations = try Torch.memory().allocations
      ceiling = max(ceiling, try MatrixCeiling.measure(config.precision, device: device))
      ceilingAllocations += try Torch.memory().allocations - allocations
    }
    var before = try Torch.memory()
    for index in 0..<total {
      if index == config.warmupSteps {
        try probe()
        ceilingAllocations = 0
        try Torch.resetPeak()
        before = try Torch.memory()
      } else if index > config.warmupSteps, (index - config.warmupSteps).isMultiple(of: max(1, config.steps / 4)) {
        try probe()
      }
      let began = clock.now
      let result = try step(microBatches: 1, learningRate: config.learningRate) { _ in
        try model.loss(batches[index].tokens, targets: batches[index].targets, zLoss: 0, pass)
      }
      try Torch.synchronize(device)
      if index >= config.warmupSteps { seconds.append((clock.now - began).seconds) }
      if let problem = result.problem {
        throw GroveError(.mismatch, config.name, "step \(index + 1): \(problem), so nothing was measured")
      }
      losses.append(result.lossNats)
    }
    let after = try Torch.memory()
    let peakResidentBytes = ResidentMemory.peakBytes  // the ceiling's matrices are 6 MB of it
    try probe()
    var measurement = TrainingMeasurement(
      engine: "grove \(groveVersion), libtorch \(try Torch.version())", precision: config.precision,
      parameters: try model.parameterCount(), threads: try Torch.threads(), stepSeconds: seconds, losses: losses,
      ceilingGigaflops: ceiling,
      peakResidentBytes: peakResidentBytes)
    measurement.peakTensorBytes = after.peakBytes
    let allocations = after.allocations - before.allocations - ceilingAllocations
    measurement.allocationsPerStep = Double(allocations) / Double(config.steps)
    measurement.systemAllocations = after.systemAllocations - before.systemAllocations
    return measurement
  }
}
