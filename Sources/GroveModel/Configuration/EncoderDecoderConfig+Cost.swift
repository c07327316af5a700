extension EncoderDecoderConfig {
  /// Numbers in the matrices of attention over all heads, H·D by C four times.
  private var attentionWeights: Int { 4 * heads * headWidth * width }

  /// Of the feed-forward layer of an encoder's block that has the most.
  private var widest: Int { routing.kind.chooses && routing.heavyWidth > 0 ? routing.heavyWidth : feedForwardWidth }

  private func feedForwardWeights(_ hidden: Int) -> Int { (feedForward.form == .gated ? 3 : 2) * hidden * width }

  /// Trained numbers, from the shape alone.
  public var parameterCount: Int {
    var encoderBlock = attentionWeights + feedForwardWeights(widest) + 2 * width
    if routing.kind.chooses { encoderBlock += feedForwardWeights(routing.lightWidth) }
    if routing.kind == .learned { encoderBlock += 3 * width }
    let pairs = crossKeyValueHeads > 0 ? crossKeyValueHeads : heads
    let crossing = 2 * (heads + pairs) * headWidth * width
    let decoderBlock = attentionWeights + crossing + feedForwardWeights(feedForwardWidth) + 3 * width
    return layers * encoderBlock + decoderLayers * decoderBlock + 2 * buckets * heads + 2 * width
      + vocabularySize * width * (tiedEmbeddings ? 1 : 2)
  }

  /// Floating-point operations of the encoder's forward pass for a text of `length` positions: two for each weight that a
  /// position meets, four for each place of a head that a query reads (Ainslie et al. 2023, arXiv:2303.09752, table 1).
  /// Routed branches count their chosen positions; the choice itself is left out, as there.
  public func encoderOperations(length: Int) -> Double {
    let n = Double(length)
    let (all, one) = (Double(attentionWeights), Double(heads * headWidth))
    let seen = Double(min(2 * routing.radius + 1, length))
    func hidden(_ width: Int) -> Double { Double(feedForwardWeights(width)) }
    var block: Double
    switch routing.kind {
    case .none: block = 2 * n * (all + hidden(feedForwardWidth)) + 4 * n * n * one
    case .local: block = 2 * n * (all + hidden(feedForwardWidth)) + 4 * n * seen * one
    case .learned, .random:
      let light = Double(routing.lightHeads) / Double(heads)
      let (queries, keys) = (routing.share * n, routing.keyShare * n)
      block = 2 * n * (light * all + hidden(routing.lightWidth)) + 4 * n * seen * light * one
      block += (1 - light) * ((queries + keys) * all + 4 * queries * keys * one)
      block += 2 * queries * hidden(widest)
    }
    return Double(layers) * block
  }

  /// Floating-point operations of the decoder's forward pass over `length` positions that read `sourceLength` states.
  public func decoderOperations(length: Int, sourceLength: Int) -> Double {
    let (t, s) = (Double(length), Double(sourceLength))
    let pairs = Double(2 * (crossKeyValueHeads > 0 ? crossKeyValueHeads : heads) * headWidth * width)
    let one = Double(heads * headWidth)
    let own = Double(attentionWeights + feedForwardWeights(feedForwardWidth)) + 2 * one * Double(width)
    let block = 2 * (t * own + s * pairs) + 4 * one * t * (t + s)
    return Double(decoderLayers) * block + 2 * t * Double(vocabularySize * width)
  }

  /// Floating-point operations of a training step of one text: a forward pass and twice that backward.
  public func trainingOperations(sourceLength: Int, targetLength: Int) -> Double {
    3 * (encoderOperations(length: sourceLength) + decoderOperations(length: targetLength, sourceLength: sourceLength))
  }
}
