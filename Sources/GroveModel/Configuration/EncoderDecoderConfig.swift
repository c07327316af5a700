public import GroveCore

/// The shape of T5 and how it is initialised.
public struct EncoderDecoderConfig: Config {
  /// Ids 0..<vocabularySize have an embedding.
  public var vocabularySize = 0
  /// Width of the residual stream, C.
  public var width = 512
  /// Blocks of the encoder.
  public var layers = 6
  /// Blocks of the decoder.
  public var decoderLayers = 6
  /// Heads of attention, H.
  public var heads = 8
  /// Width of a head, D.
  public var headWidth = 64
  /// Hidden width of the feed-forward layers, F.
  public var feedForwardWidth = 2048
  /// Whether the feed-forward layers have a gate: in T5 v1.1.
  public var feedForward = FeedForwardConfig()
  /// Distances that attention tells apart.
  public var buckets = 32
  /// Distances from here on share a bucket.
  public var longestDistance = 128
  /// Branches of the encoder for a few positions.
  public var routing = RoutingConfig()
  /// Heads of the keys and values by which the decoder reads the encoder; 0 for as many as `heads`.
  public var crossKeyValueHeads = 0
  /// The output matrix is the embedding.
  public var tiedEmbeddings = true
  /// Hidden states are divided by √C before they are scored: in T5 v1.0.
  public var scalesOutput = true
  /// Share of elements dropped, in training only.
  public var dropout = 0.0
  /// Added to the mean square in norms.
  public var normEpsilon = 1e-6
  /// Multiplies the deviations of the initial weights.
  public var initialFactor = 1.0

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    for (field, value) in [
      ("vocabularySize", vocabularySize), ("width", width), ("layers", layers), ("decoderLayers", decoderLayers),
      ("heads", heads), ("headWidth", headWidth), ("feedForwardWidth", feedForwardWidth),
    ] where !(1...ModelConfig.largestSize).contains(value) {
      issues.append(ConfigIssue(field, "\(value) is outside 1...\(ModelConfig.largestSize)"))
    }
    issues += PositionConfig.bucketIssues(buckets, longestDistance) + routing.issues().under("routing")
    if routing.kind.chooses, routing.lightHeads >= heads {
      issues.append(ConfigIssue("routing.lightHeads", "\(routing.lightHeads) leaves none of \(heads) heads heavy"))
    }
    if crossKeyValueHeads < 0 || crossKeyValueHeads > 0 && heads % crossKeyValueHeads != 0 {
      issues.append(ConfigIssue("crossKeyValueHeads", "\(crossKeyValueHeads) does not divide heads \(heads)"))
    }
    if !(0..<1).contains(dropout) { issues.append(ConfigIssue("dropout", "\(dropout) is outside [0, 1)")) }
    if !(normEpsilon > 0) { issues.append(ConfigIssue("normEpsilon", "\(normEpsilon) is not positive")) }
    if !(initialFactor >= 0) { issues.append(ConfigIssue("initialFactor", "\(initialFactor) is negative")) }
    return issues
  }

  /// What the shared parts read: RMSNorm before each of them, no biases, scores that are not scaled.
  var shape: ModelConfig {
    var shape = ModelConfig()
    shape.family = .grove
    shape.vocabularySize = vocabularySize
    (shape.width, shape.layers) = (width, layers)
    (shape.attention.heads, shape.attention.keyValueHeads) = (heads, heads)
    (shape.attention.headWidth, shape.attention.scale) = (headWidth, 1)
    shape.feedForwardWidth = feedForwardWidth
    shape.feedForward.form = feedForward.form == .gated ? .gated : .plain
    shape.feedForward.activation = feedForward.activation == .family ? .relu : feedForward.activation
    shape.positions.kind = .none
    (shape.dropout, shape.normEpsilon) = (dropout, normEpsilon)
    // One deviation for all: those of Mesh TensorFlow differ from matrix to matrix.
    shape.initialDeviation = initialFactor / Double(width).squareRoot()
    shape.residualInitialization = .plain
    return shape
  }
}
