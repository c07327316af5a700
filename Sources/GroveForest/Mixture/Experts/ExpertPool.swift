import GroveCore
public import GroveModel
public import GroveTensor
public import GroveTokenizer

/// How much memory the experts of a pool may take at once.
public enum ExpertLimit: Equatable, Sendable {
  /// All experts stay once they were used.
  case none
  /// So many experts.
  case experts(Int)
  /// So many bytes of weights, as `ExpertPool.byteCounts` counts them.
  case bytes(Int)
}

/// The experts of a forest, of which those in use are in memory.
///
/// An expert is loaded when it is first used: its file is mapped, and its weights are made ready in the pool's precision.
/// Where a limit would be passed, those that were used the longest ago are given back first. Widths, layers and families
/// may differ from expert to expert; the vocabulary and the tokenizer may not. A pool belongs to one thread.
public final class ExpertPool {
  /// In the order in which weights of a mixture are listed.
  public let experts: [Expert]
  /// The shape of each expert.
  public let configs: [ModelConfig]
  /// Bytes of each expert's weights in the pool's precision. In float32 the greater part of them are pages of the mapped
  /// file, which the system can take back by itself.
  public let byteCounts: [Int]
  /// The one of all experts.
  public let tokenizer: Tokenizer
  public let precision: Precision
  public let device: Device
  public let limit: ExpertLimit
  /// How often an expert was read from its folder.
  public private(set) var loadCount = 0
  /// The most bytes of weights at once.
  public private(set) var peakBytes = 0
  /// Experts in memory, the one used last at the end.
  private var resident: [(index: Int, model: any LanguageModel)] = []

  /// Reads the configs and tokenizers of all experts; no weights.
  /// - Throws: `GroveError`: no expert, a name twice, a missing folder, different vocabularies, or a limit that has no room
  ///   for the largest expert.
  public init(
    _ experts: [Expert], precision: Precision = .float32, device: Device = .cpu, limit: ExpertLimit = .none
  ) throws {
    guard !experts.isEmpty else {
      throw GroveError(.argument, "experts", "there is none", remedy: "A mixture needs at least one expert.")
    }
    var seen: Set<String> = []
    for expert in experts where !seen.insert(expert.name).inserted {
      throw GroveError(.argument, "experts", "the name '\(expert.name)' is there twice")
    }
    configs = try experts.map { expert in
      try expert.requireFolder()
      return try ModelFolder.loadConfig(expert.folder)
    }
    tokenizer = try ExpertVocabulary.shared(by: experts, configs).1
    byteCounts = configs.map { ExpertPool.byteCount($0, precision) }
    self.experts = experts
    self.precision = precision
    self.device = device
    self.limit = limit
    try checkLimit()
  }

  /// The names of the experts, in order.
  public var names: [String] { experts.map(\.name) }
  /// Ids of the one vocabulary, V.
  public var vocabularySize: Int { configs[0].vocabularySize }
  /// Positions that every expert was trained on: the shortest context.
  public var contextLength: Int { configs.reduce(.max) { min($0, $1.contextLength) } }
  /// The experts in memory, the one used last at the end.
  public var residentNames: [String] { resident.map { experts[$0.index].name } }
  /// Bytes of weights in memory.
  public var residentBytes: Int { resident.reduce(0) { $0 + byteCounts[$1.index] } }

  /// Uses an expert, loading it if it is not in memory.
  /// - Parameter body: must not keep the model, or it stays in memory past the limit.
  /// - Throws: `GroveError` that names the expert and its folder if it has gone or is damaged; what `body` throws.
  public func withExpert<Result>(_ index: Int, _ body: (any LanguageModel) throws -> Result) throws -> Result {
    precondition(experts.indices.contains(index), "expert \(index) of \(experts.count)")
    if let place = resident.firstIndex(where: { $0.index == index }) {
      resident.append(resident.remove(at: place))
    } else {
      makeRoom(for: index)
      resident.append((index, try load(index)))
      loadCount += 1
      peakBytes = max(peakBytes, residentBytes)
    }
    return try body(resident[resident.count - 1].model)
  }

  /// Gives all experts back.
  public func giveBack() { resident = [] }

  private func makeRoom(for index: Int) {
    while let oldest = resident.first, !fits(index) {
      precondition(oldest.index != index, "an expert in memory needs no room")
      resident.removeFirst()
    }
  }

  private func fits(_ index: Int) -> Bool {
    switch limit {
    case .none: true
    case .experts(let count): resident.count < count
    case .bytes(let bytes): residentBytes + byteCounts[index] <= bytes
    }
  }

  private func load(_ index: Int) throws -> any LanguageModel {
    let expert = experts[index]
    try expert.requireFolder()
    let model: any LanguageModel
    do { model = try ModelFolder.load(expert.folder) } catch let error as GroveError {
      throw GroveError(
        error.code, error.place, "the expert '\(expert.name)' cannot be used: \(error.problem)", remedy: error.remedy,
        cause: error)
    }
    guard model.config == configs[index] else {
      throw GroveError(
        .mismatch, expert.folder.path, "the expert '\(expert.name)' has another shape than when the pool was opened",
        remedy: "Open the forest again.")
    }
    try model.prepare(precision, training: false, device: device)
    // The full-precision copies of fused matrices would stay beside the ones that the forward pass reads.
    for (_, parameter) in try model.parameters() where parameter.quantized == nil {
      parameter.replaceValue(parameter.working)
    }
    return model
  }

  private func checkLimit() throws {
    let largest = byteCounts.indices.max { byteCounts[$0] < byteCounts[$1] } ?? 0
    let needs = "the expert '\(experts[largest].name)' needs \(byteCounts[largest])"
    switch limit {
    case .none: return
    case .experts(let count) where count < 1:
      throw GroveError(.argument, "limit", "\(count) experts have no room for one", remedy: "Allow at least 1.")
    case .bytes(let bytes) where bytes < byteCounts[largest]:
      throw GroveError(
        .argument, "limit", "\(bytes) bytes have no room for one expert: \(needs)",
        remedy: "Raise the limit, or choose a smaller precision.")
    case .experts, .bytes: return
    }
  }

  /// Of the weights in a precision; norms and biases, which stay float32, are counted as the rest.
  private static func byteCount(_ config: ModelConfig, _ precision: Precision) -> Int {
    let bits =
      switch precision {
      case .float32: 32.0
      case .bfloat16, .float16: 16.0
      case .int8: 8.5
      }
    return Int((Double(config.parameterCount) * bits / 8).rounded(.up))
  }
}
