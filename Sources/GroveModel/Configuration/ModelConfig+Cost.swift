extension ModelConfig {
  /// A matrix of a block.
  enum Matrix {
    case query, key, value, attentionOutput, gate, up, down
  }

  /// The matrices of a block, each with its sizes.
  func matrices() -> [(kind: Matrix, outputs: Int, inputs: Int)] {
    let heads = attention.heads * headWidth
    let keyValues = attention.keyValueHeads * headWidth
    var matrices: [(kind: Matrix, outputs: Int, inputs: Int)]
    switch attention.kind {
    case .softmax:
      matrices = [
        (.query, heads, width), (.key, keyValues, width), (.value, keyValues, width), (.attentionOutput, width, heads),
      ]
    case .attentionFree, .holographic:
      matrices = [
        (.query, width, width), (.key, width, width), (.value, width, width), (.attentionOutput, width, width),
      ]
    }
    if architecture.feedForward == .gated { matrices.append((.gate, feedForwardWidth, width)) }
    return matrices + [(.up, feedForwardWidth, width), (.down, width, feedForwardWidth)]
  }

  /// The standard deviation that a matrix of a block starts with.
  func deviation(of matrix: Matrix, _ outputs: Int, _ inputs: Int) -> Double {
    switch initialization {
    case .normal:
      return matrix == .attentionOutput || matrix == .down ? residualDeviation : initialDeviation
    case .xavier:
      let glorot = (2 / Double(outputs + inputs)).squareRoot()
      return matrix == .query || matrix == .key ? glorot : glorot * placementGain
    }
  }

  /// What the placement of the norms multiplies initial weights by.
  private var placementGain: Double {
    switch architecture.placement {
    case .deep: 1 / (8 * Double(layers)).squareRoot().squareRoot()
    case .within: Double.naturalLogarithm(2 * Double(layers)).squareRoot()
    case .family, .before, .after, .around, .parallel, .shared: 1
    }
  }

  /// Deviation of the matrices that write into the residual stream, where all are normal.
  private var residualDeviation: Double {
    switch residualInitialization {
    case .plain: initialDeviation
    case .scaled: initialDeviation / (2 * Double(layers)).squareRoot()
    }
  }

  /// What DeepNorm multiplies the stream by before a part adds to it.
  var streamScale: Double { (2 * Double(layers)).squareRoot().squareRoot() }

  /// `parameterCount` without biases and norms, for sizes whose count no integer holds.
  var approximateParameters: Double {
    let heads = Double(2 * (attention.heads + attention.keyValueHeads)) * Double(headWidth)
    let feedForward = (architecture.feedForward == .gated ? 3 : 2) * Double(feedForwardWidth)
    return Double(width) * Double(layers) * (heads + feedForward) + Double(tokenWidth) * tokenRows
  }

  /// Vectors that are looked up, and those that score.
  private var tokenRows: Double {
    let learned = architecture.positions == .learned ? contextLength + architecture.positionOffset : 0
    return Double(vocabularySize) * (tiedEmbeddings ? 1 : 2) + Double(learned)
  }

  /// Trained numbers, from the shape alone; those of sparse matrices with their zeros.
  public var parameterCount: Int {
    let parts = architecture
    let norm = parts.norm == .layer ? 2 * width : width
    let matrices = matrices()
    var perLayer = matrices.reduce(0) { $0 + linear.parameterCount($1.outputs, $1.inputs) }
    for matrix in matrices where hasBias(matrix.kind) { perLayer += matrix.outputs }
    if parts.headNorm == .rootMeanSquare { perLayer += 2 * headWidth }
    if attention.kind == .attentionFree { perLayer += attentionFreePlaces }
    perLayer += norm * (parts.placement == .around ? 4 : parts.placement == .shared ? 1 : 2)
    if parts.placement == .within {
      let inner = matrices.reduce(0) { $0 + ($1.kind == .attentionOutput || $1.kind == .down ? $1.inputs : 0) }
      perLayer += parts.norm == .layer ? 2 * inner : inner
    }
    var rest = (parts.finalNorm ? norm : 0) + vocabularySize * tokenWidth * (tiedEmbeddings ? 1 : 2)
    if parts.embeddingNorm { rest += parts.norm == .layer ? 2 * tokenWidth : tokenWidth }
    if parts.positions == .learned { rest += (contextLength + parts.positionOffset) * width }
    if parts.positions == .buckets { rest += positions.buckets * attention.heads }
    if parts.outputBias { rest += vocabularySize }
    if tokenWidth != width { rest += 2 * tokenWidth * width }
    return layers * perLayer + rest
  }

  private func hasBias(_ matrix: Matrix) -> Bool {
    switch matrix {
    case .query, .key, .value: architecture.attentionBias != .none
    case .attentionOutput: architecture.attentionBias == .all
    case .gate, .up, .down: architecture.feedForwardBias
    }
  }

  /// Numbers that attention without queries' products has for places.
  private var attentionFreePlaces: Int {
    switch attention.free.form {
    case .full, .local: 2 * contextLength * attention.free.rank
    case .convolution: attention.heads * attention.free.window
    case .simple: 0
    }
  }

  /// Floating-point operations of one training token: 6 for each weight of a product and 12·L·C·T for attention
  /// (Chowdhery et al. 2022, arXiv:2204.02311, appendix B). An embedding that is only looked up costs nothing, nor do the
  /// zeros of sparse matrices, as if the machine skipped them; a matrix in factors costs what it does when they are
  /// multiplied out.
  public var trainingOperationsPerToken: Double {
    let blocks = matrices().reduce(0.0) { $0 + Double($1.outputs * $1.inputs) } * (1 - linear.sparsity)
    let scored = Double(vocabularySize * tokenWidth + (tokenWidth == width ? 0 : 2 * tokenWidth * width))
    let seen = (0..<layers).reduce(0.0) { $0 + seenPositions(layer: $1) }
    return 6 * (Double(layers) * blocks + scored) + 12 * Double(attention.heads * headWidth) * seen
  }

  /// Positions that the arithmetic of attention reads at each position of a context.
  private func seenPositions(layer: Int) -> Double {
    switch (attention.kind, attention.free.form) {
    case (.attentionFree, .simple), (.holographic, _): return 1
    case (.attentionFree, .local), (.attentionFree, .convolution): return Double(2 * attention.free.window)
    case (.attentionFree, .full): return Double(contextLength)
    case (.softmax, _): break
    }
    if let pattern = attention.pattern(layer: layer) { return min(Double(contextLength), pattern.reads(contextLength)) }
    return Double(min(attention.window(layer: layer) ?? contextLength, contextLength))
  }

  /// Floating-point operations of the forward pass of one token, a third of those of training: two for each weight of a
  /// product, and attention over a whole context.
  public var inferenceOperationsPerToken: Double { trainingOperationsPerToken / 3 }
}
