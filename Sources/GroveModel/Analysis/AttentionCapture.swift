import Foundation
import GroveCore
import GroveTensor

/// How much each position of a text reads of each other one, by layer and head.
public struct AttentionCapture: Sendable {
  /// One head of a layer.
  public struct Head: Sendable {
    public let layer: Int
    public let head: Int
    /// The share that a query (row) reads of each key (column), row by row, T² of them; rows sum to 1.
    public let weights: [Float]
    /// Of a row's weights, the mean over the queries, in bits: 0 where each reads one position alone.
    public let entropyBits: Double
    /// Positions between a query and what it reads, the mean by weight over the queries.
    public let distance: Double
    /// Share of the weights on the first position, the mean over the queries behind it.
    public let first: Double
    /// Share of the weights on the query's own position, the mean over the queries behind the first.
    public let own: Double
  }

  /// Positions of the text, T.
  public let count: Int
  /// By layer, then by head.
  public let heads: [Head]

  /// Reads a text once; memory grows with L·H·T².
  /// - Parameters:
  ///   - ids: of one text, two tokens at least.
  ///   - model: prepared for inference.
  /// - Throws: `GroveError` for a text that is too short or too long, and for a model that does not attend by products.
  public init(_ ids: [Int64], under model: any LanguageModel) throws {
    guard model.config.attention.kind == .softmax else {
      throw GroveError(
        .argument, "model",
        "has attention of kind \(model.config.attention.kind.rawValue), which has no weights to look at")
    }
    guard ids.count >= 2 else {
      throw GroveError(
        .argument, "text", "\(ids.count) tokens have no weights to look at", remedy: "Give a longer text.")
    }
    var found: [Head] = []
    let hook = ActivationHook.observing([.attentionWeights]) { layer, weights in
      for head in 0..<weights.size(1) {
        found.append(try Head(layer, head, weights.selected(0, 0).selected(0, head).values(), ids.count))
      }
    }
    try withGradients(.off) {
      _ = try model.hiddenStates(
        Tensor(ids, [1, ids.count]).moved(to: model.outputWeight.device), ForwardPass(.inference, hook: hook))
    }
    count = ids.count
    heads = found
  }
}

extension AttentionCapture.Head {
  fileprivate init(_ layer: Int, _ head: Int, _ weights: [Float], _ count: Int) throws {
    (self.layer, self.head, self.weights) = (layer, head, weights)
    var (entropy, distance, first, own) = (0.0, 0.0, 0.0, 0.0)
    for query in 1..<count {
      for key in 0...query {
        let weight = Double(weights[query * count + key])
        if weight > 0 { entropy -= weight * log2(weight) }
        distance += weight * Double(query - key)
      }
      first += Double(weights[query * count])
      own += Double(weights[query * count + query])
    }
    let queries = Double(count - 1)
    (entropyBits, self.distance) = (entropy / queries, distance / queries)
    (self.first, self.own) = (first / queries, own / queries)
  }
}
