import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor

/// Reads long texts with a model that was trained on short ones, with all earlier positions in sight and blockwise.
struct LengthExtrapolationProbe {
  let config: LengthExtrapolationConfig
  let trained: Comparison.Trained
  private var device: Device { trained.run.device }

  /// What is seen of the positions before.
  enum Sight: String, CaseIterable {
    case full
    case blockwise
  }

  /// The name of a series: nats of each document that is long enough.
  static func nats(_ sight: Sight, _ length: Int) -> String { "nats, \(sight.rawValue), \(length)" }
  static let tokens = "long tokens"

  func add(to figures: inout ArmFigures) throws {
    let hasTable = trained.model.config.positionLimit == config.trained
    let names = config.training.streams.map(\.name)
    let blockwise = try trained.model(with: { model in
      (model.attention.pattern, model.attention.block) = (.blockwise, config.block)
    })
    for length in hasTable ? [config.trained] : config.lengths {
      let text = try trained.text(contextLength: length, of: names).only { $0.tokens.count > config.longest }
      guard !text.documents.isEmpty else {
        throw GroveError(
          .argument, "lengths", "no held-out document has more than \(config.longest) tokens",
          remedy: "Hold out more with training.heldOutShare, or judge shorter windows.")
      }
      figures.series[Self.tokens] = text.documents.map { Double($0.tokens.count) }
      for (sight, model) in [(Sight.full, trained.model), (.blockwise, blockwise)] {
        figures.series[Self.nats(sight, length)] = try text.losses(under: model, device: device).map(\.nats)
      }
    }
    let texts = try observed()
    try addOneBlock(texts, to: &figures)
    if hasTable { return }
    let limited = try trained.model(with: { model in
      (model.attention.pattern, model.attention.block) = (.blockwise, reachBlock)
    })
    figures.figures["change beyond reach, full"] = try change(under: trained.model, texts)
    figures.figures["change beyond reach, blockwise"] = try change(under: limited, texts)
    for length in [config.trained, config.longest] {
      figures.figures["resolution, \(length)"] = try resolution(texts, length: length)
    }
  }

  /// A block with which half of the longest length is out of the first block's reach, whatever the number of layers.
  private var reachBlock: Int { min(config.block, config.longest / (2 * (trained.model.config.layers + 1))) }

  /// The beginnings of long documents, `[B, longest]`.
  private func observed() throws -> Tensor {
    let documents = trained.text.documents.filter { $0.tokens.count > config.longest }.prefix(config.observedTexts)
    let ids = documents.flatMap { $0.tokens.prefix(config.longest).map { Int64($0) } }
    return try Tensor(ids, [documents.count, config.longest]).moved(to: device)
  }

  /// How far the losses of texts of the trained length are from those of blockwise attention whose one block is as long.
  private func addOneBlock(_ texts: Tensor, to figures: inout ArmFigures) throws {
    let whole = try trained.model(with: { model in
      (model.attention.pattern, model.attention.block) = (.blockwise, config.trained)
    })
    let short = try texts.narrowed(1, from: 0, count: config.trained)
    figures.figures["difference in one block"] = try largestDifference(
      losses(short, under: trained.model), losses(short, under: whole))
  }

  /// The largest change of a loss beyond what blockwise attention reaches from the first block, when the first token is
  /// another one.
  private func change(under model: any LanguageModel, _ texts: Tensor) throws -> Double {
    let reach = (model.config.layers + 1) * reachBlock
    let rest = try texts.narrowed(1, from: 1, count: config.longest - 1)
    let first = try texts.narrowed(1, from: 0, count: 1)
    // Bytes and merges are at least 257 ids, so that the next one, in a ring, is another token.
    let vocabulary = model.config.vocabularySize
    let others = try first.values(as: Int64.self).map { ($0 + 1) % Int64(vocabulary) }
    let changed = try Tensor.concatenated(
      [Tensor(others, [others.count, 1]).moved(to: device), rest], axis: 1)
    let count = config.longest - 1 - reach
    return try largestDifference(
      losses(texts, under: model).narrowed(1, from: reach, count: count),
      losses(changed, under: model).narrowed(1, from: reach, count: count))
  }

  /// What each token but the first costs, `[B, T − 1]`.
  private func losses(_ texts: Tensor, under model: any LanguageModel) throws -> Tensor {
    let count = texts.size(1) - 1
    return try model.tokenLosses(
      texts.narrowed(1, from: 0, count: count), targets: texts.narrowed(1, from: 1, count: count).contiguous())
  }

  private func largestDifference(_ first: Tensor, _ second: Tensor) throws -> Double {
    let pairs = zip(try first.contiguous().values(as: Float.self), try second.contiguous().values(as: Float.self))
    return pairs.reduce(0) { max($0, Double(abs($1.0 - $1.1))) }
  }

  // MARK: Resolution

  /// The mean over layers and heads of the resolution of the mean scores by distance.
  ///
  /// Only the second half of the queries counts, and distances below half of the length, so that every distance has the same
  /// queries: then what softmax takes from all scores of a query is one number, which changes no resolution.
  private func resolution(_ texts: Tensor, length: Int) throws -> Double {
    var found: [Double] = []
    let hook = ActivationHook.observing([.attentionWeights]) { _, weights in
      found += try meanScores(weights).map(AttentionResolution.of)
    }
    try withGradients(.off) {
      let beginnings = try texts.narrowed(1, from: 0, count: length).contiguous()
      _ = try trained.model.hiddenStates(beginnings, ForwardPass(.inference, hook: hook))
    }
    return try Statistics.mean(found)
  }

  /// Of weights `[B, H, T, T]`, the mean logarithm for each head and distance.
  private func meanScores(_ weights: Tensor) throws -> [[Double]] {
    let (texts, heads, length, _) = try weights.sizes("weights", as: "B H T S")
    let values = try weights.cast(to: .float32).contiguous().values(as: Float.self)
    let half = length / 2
    return (0..<heads).map { head in
      var sums = [Double](repeating: 0, count: half)
      for text in 0..<texts {
        for query in half..<length {
          let row = ((text * heads + head) * length + query) * length
          for distance in 0..<half {
            // A weight that float32 cannot hold counts as the least that it can.
            sums[distance] += Double(log(max(values[row + query - distance], .leastNormalMagnitude)))
          }
        }
      }
      return sums.map { $0 / Double(texts * (length - half)) }
    }
  }
}
