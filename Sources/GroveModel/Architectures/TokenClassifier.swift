public import GroveTensor

/// BERT with a class for each token, as for spans in a text (Devlin et al. 2018, arXiv:1810.04805, §5.3).
public struct TokenClassifier: Module {
  public let encoder: BERT
  let classifier: Linear

  /// - Parameter classes: K, how many there are to choose from.
  /// - Throws: `GroveError` that names what is wrong in the config.
  public init(_ config: EncoderConfig, classes: Int, weights: InitialWeights) throws {
    encoder = try BERT(config, weights: weights.split("bert"))
    classifier = try Linear(
      from: config.width, to: classes, bias: true, deviation: config.initialDeviation,
      weights: weights.split("classifier"))
  }

  /// Scores of the classes at every position: ids `[B, T]` to `[B, T, K]`, float32.
  /// - Parameter attended: `[B, T]`, bool, false at padding; nil where there is none.
  public func logits(_ tokens: Tensor, attended: Tensor?, _ mode: Mode) throws -> Tensor {
    try classifier(encoder.hiddenStates(tokens, attended: attended, mode)).cast(to: .float32)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.child("bert", encoder)
    try visitor.linear("classifier", classifier)
  }
}
