public import GroveTensor

/// What reads texts side by side and scores the token that comes next in each: a model with its cache, or a mixture.
///
/// `GenerationBatch` is the one loop that decodes; whatever can do this can be decoded from.
public protocol NextTokenScorer: AnyObject {
  /// Ids that have a score, V.
  var vocabularySize: Int { get }
  /// Positions that it was made for.
  var contextLength: Int { get }
  /// Positions that a text can have at most; nil where no table ends them.
  var positionLimit: Int? { get }
  /// Begins anew with empty texts, and takes the memory for their positions.
  func begin(texts: Int, capacity: Int) throws
  /// Goes on with every text.
  /// - Parameters:
  ///   - tokens: for each text what follows what it has read; as many for each, and at least one.
  ///   - portion: positions of one forward pass.
  /// - Returns: scores of the next tokens, `[B, V]`, float32, contiguous and on the CPU; probabilities are their softmax.
  func read(_ tokens: [[Int]], portion: Int) throws -> Tensor
}
