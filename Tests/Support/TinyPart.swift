import GroveCore
public import GroveModel

/// A tiny decoder of the family grove with a part that no other family has.
public struct TinyPart: Sendable, CustomStringConvertible {
  public let name: String
  private let change: @Sendable (inout ModelConfig) -> Void

  private init(_ name: String, _ change: @escaping @Sendable (inout ModelConfig) -> Void) {
    self.name = name
    self.change = change
  }

  public var description: String { name }

  /// Vocabulary 64, context 48, width 32, 2 layers, 4 heads of which 2 share keys and values.
  public var config: ModelConfig {
    var config = TinyModel.config(.llama)
    config.family = .grove
    change(&config)
    return config
  }

  /// Ready for inference.
  public func make(seed: UInt64) throws -> any LanguageModel {
    let config = config
    try config.validated()
    let model = try makeModel(config, weights: .random(RandomKey(seed: seed)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  /// Whether it attends by products of queries and keys.
  public var hasWeights: Bool { config.attention.kind == .softmax }

  /// All of them.
  public static let all: [TinyPart] = norms + positions + patterns + mixers + matrices

  private static let norms = [
    TinyPart("DeepNorm") { ($0.norm.placement, $0.norm.kind, $0.initialization) = (.deep, .layer, .xavier) },
    TinyPart("Sub-LN") { ($0.norm.placement, $0.norm.kind, $0.initialization) = (.within, .layer, .xavier) },
    TinyPart("Sub-LN without a gate") {
      ($0.norm.placement, $0.feedForward.form, $0.attention.bias) = (.within, .plain, .all)
    },
  ]

  private static let positions = [
    TinyPart("xPos") { ($0.positions.kind, $0.positions.decayLength) = (.xpos, 16) },
    TinyPart("xPos of half a head, head norms, a scale") {
      ($0.positions.kind, $0.positions.rotaryShare, $0.positions.decayLength) = (.xpos, 0.5, 16)
      ($0.attention.headNorm, $0.attention.scale) = (.rootMeanSquare, 0.3)
    },
    TinyPart("buckets of distances") {
      ($0.positions.kind, $0.positions.buckets, $0.positions.longestDistance) = (.buckets, 8, 16)
    },
    TinyPart("buckets and a window") {
      ($0.positions.kind, $0.positions.buckets, $0.positions.longestDistance) = (.buckets, 8, 16)
      $0.attention.window = 7
    },
  ]

  private static let patterns = [
    TinyPart("blockwise") { ($0.attention.pattern, $0.attention.block) = (.blockwise, 5) },
    TinyPart("fixed") { ($0.attention.pattern, $0.attention.block, $0.attention.summary) = (.fixed, 5, 2) },
    TinyPart("strided") { ($0.attention.pattern, $0.attention.block) = (.strided, 5) },
    TinyPart("strided with ALiBi, one layer full") {
      ($0.attention.pattern, $0.attention.block, $0.attention.fullLayers) = (.strided, 4, [1])
      $0.positions.kind = .alibi
    },
    TinyPart("fixed with ALiBi and one key head") {
      ($0.attention.pattern, $0.attention.block) = (.fixed, 6)
      ($0.positions.kind, $0.attention.keyValueHeads) = (.alibi, 1)
    },
  ]

  private static let mixers = AttentionFreeConfig.Form.allCases.map { form in
    TinyPart("AFT \(form.rawValue)") {
      ($0.attention.kind, $0.attention.free.form) = (.attentionFree, form)
      ($0.attention.free.window, $0.attention.free.rank, $0.positions.kind) = (4, 6, .none)
    }
  }

  private static let matrices = [
    TinyPart("low rank") { ($0.linear.form, $0.linear.rank, $0.attention.bias) = (.lowRank, 5, .all) },
    TinyPart("low rank and sparse") {
      ($0.linear.form, $0.linear.rank, $0.linear.scale, $0.linear.density) = (.sparseLowRank, 5, 8, 0.1)
    },
    TinyPart("sparse") { $0.linear.sparsity = 0.75 },
  ]
}
