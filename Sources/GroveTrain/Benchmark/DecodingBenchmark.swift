import GroveCore
import GroveDecode
public import GroveModel
public import GroveTensor

/// Measures Grove's decoding: the same `GenerationBatch` that every command generates with.
public enum DecodingBenchmark {
  /// Generates twice and times the second time: memory is found and caches are warm, as for every engine here.
  /// - Parameter model: makes or reads the model; it is prepared here.
  public static func run(
    _ config: DecodingBenchmarkConfig, device: Device, _ model: () throws -> any LanguageModel
  ) throws -> DecodingMeasurement {
    if config.threads > 0 { try Torch.setThreads(config.threads) }
    let clock = ContinuousClock()
    let opened = clock.now
    let model = try model()
    try model.prepare(config.precision, training: false, device: device)
    let ready = clock.now
    _ = try generate(config, model, newTokens: 4)
    let began = clock.now
    let batch = try begin(config, model, newTokens: config.newTokens)
    var ids = try batch.next().prefix(1).map { $0?.id ?? -1 }
    let first = clock.now
    let before = try Torch.memory()
    while ids.count < config.newTokens { ids += try batch.next().prefix(1).map { $0?.id ?? -1 } }
    let after = try Torch.memory()
    let end = clock.now
    var measurement = DecodingMeasurement(
      engine: "grove \(groveVersion), libtorch \(try Torch.version())", precision: config.precision.rawValue,
      parameters: try model.parameterCount(), threads: try Torch.threads(), batchSize: config.batchSize,
      promptTokens: config.promptTokens, newTokens: config.newTokens, readySeconds: (ready - opened).seconds,
      firstTokenSeconds: (first - began).seconds,
      restSeconds: (end - first).seconds, ids: ids, peakResidentBytes: ResidentMemory.peakBytes)
    measurement.allocationsPerToken = Double(after.allocations - before.allocations) / Double(config.newTokens - 1)
    measurement.systemAllocations = after.systemAllocations - before.systemAllocations
    return measurement
  }

  private static func generate(
    _ config: DecodingBenchmarkConfig, _ model: any LanguageModel, newTokens: Int
  ) throws -> [[GeneratedToken?]] {
    let batch = try begin(config, model, newTokens: newTokens)
    return try (0..<newTokens).map { _ in try batch.next() }
  }

  /// Greedy, without a stop token; all prompts are (7 i + 11) mod V.
  private static func begin(
    _ config: DecodingBenchmarkConfig, _ model: any LanguageModel, newTokens: Int
  ) throws -> GenerationBatch {
    let prompt = (0..<config.promptTokens).map { (7 * $0 + 11) % config.model.vocabularySize }
    let random = RandomKey(seed: UInt64(config.seed)).split("texts")
    return try GenerationBatch(
      model, prompts: Array(repeating: prompt, count: config.batchSize), sampler: .greedy,
      randoms: (0..<config.batchSize).map { random.split($0) },
      limits: GenerationLimits(maximumTokens: newTokens, context: config.promptTokens + config.newTokens))
  }
}
