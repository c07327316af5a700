import Foundation
import GroveModel
import GroveTensor

/// Sequences of tokens with their classes, as batches of a classifier, and what it makes of them.
enum LabelledSequences {
  /// A sequence and its class.
  typealias Item = (tokens: [Int64], label: Int)

  /// Ids `[B, T]`, what of them is no padding, and labels `[B]`.
  static func batch(_ items: [Item], on device: Device) throws -> (tokens: Tensor, attended: Tensor?, labels: Tensor) {
    let padded = try PaddedRows(items.map(\.tokens), on: device)
    return (padded.tokens, padded.attended, try Tensor(items.map { Int64($0.label) }, [items.count]).moved(to: device))
  }

  /// The mean loss of a batch, in nats.
  static func loss(_ items: [Item], under model: TextClassifier, _ mode: Mode, on device: Device) throws -> Tensor {
    let batch = try batch(items, on: device)
    let logits = try model.logits(batch.tokens, attended: batch.attended, mode)
    return try crossEntropy(logits, batch.labels, reduction: .meanOverTokens, ignoring: ignoredTarget)
  }

  /// The share of sequences whose class has the highest score, and what each sequence costs in nats.
  static func judged(
    _ items: [Item], by model: TextClassifier, on device: Device
  ) throws -> (accuracy: Double, nats: [Double]) {
    var (right, nats): (Int, [Double]) = (0, [])
    try withGradients(.off) {
      for start in stride(from: 0, to: items.count, by: 32) {
        let part = Array(items[start..<min(start + 32, items.count)])
        let batch = try batch(part, on: device)
        let logits = try model.logits(batch.tokens, attended: batch.attended, .inference)  // [B, K]
        let scores: [Float] = try logits.values()
        let classes = try logits.size(1)
        for (row, item) in part.enumerated() {
          let own = scores[row * classes..<(row + 1) * classes].map(Double.init)
          let largest = own.max() ?? 0
          if own.firstIndex(of: largest) == item.label { right += 1 }
          nats.append(largest + log(own.reduce(0) { $0 + exp($1 - largest) }) - own[item.label])
        }
      }
    }
    return (Double(right) / Double(items.count), nats)
  }
}
