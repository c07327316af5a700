import Foundation
import GroveDecode
import GroveModel
import GroveTensor

/// One text that a mixture reads: what speaks for each expert, and where each expert stands.
final class MixtureText {
  private let plan: MixturePlan
  private let logStart: [Double]
  private let capacity: Int
  private var state: MixtureState
  private var walk: ExpertDistances.Walk?
  private var logWeights: [Double]
  private var tokens: [Int] = []
  /// Tokens that came with the last `append`.
  private var new: Range<Int> = 0..<0
  private var caches: [KeyValueCache?]
  /// By expert, log p of the token after those that it has read: `[V]`.
  private var rows: [Tensor?]
  /// By expert, log p of each of the new tokens; filled where evidence is gathered.
  private var judgements: [[Double]]

  init(_ plan: MixturePlan, _ logStart: [Double], _ distances: ExpertDistances?, capacity: Int) {
    self.plan = plan
    self.logStart = logStart
    self.capacity = capacity
    state = MixtureState(plan, logStart: logStart)
    walk = plan.distance == nil ? nil : distances.map { ExpertDistances.Walk($0) }
    logWeights = logStart
    caches = logStart.map { _ in nil }
    rows = logStart.map { _ in nil }
    judgements = logStart.map { _ in [] }
  }

  /// Of the scores given last.
  var weights: [Double] { logWeights.map { exp($0) } }

  /// Adds tokens, none of which any expert has read.
  func append(_ more: [Int]) {
    new = tokens.count..<tokens.count + more.count
    tokens += more
    for token in more { walk?.append(token: token) }
    // Without evidence the weights decide who reads; with it, what was read decides the weights.
    if plan.evidence == nil { weigh() }
  }

  /// Whether an expert must read on before there are scores.
  func needs(_ expert: Int) -> Bool {
    plan.evidence == nil ? logWeights[expert] > -.infinity : logStart[expert] > -.infinity
  }

  /// Has an expert read all that it has not read.
  func read(_ expert: Int, _ model: any LanguageModel, portion: Int) throws {
    let cache = try caches[expert] ?? model.makeCache(texts: 1, capacity: capacity)
    caches[expert] = cache
    if plan.evidence != nil {
      try judge(expert, model, cache, portion: portion)
    } else {
      let unread = Array(tokens[cache.count...])
      let scores = try model.nextScores(reading: [unread], into: cache, portion: portion)  // [1, V]
      rows[expert] = try scores.logSoftmax(-1).selected(0, 0)
    }
  }

  /// log Σ_j w_j p_j of the next token, `[V]`.
  func scores() throws -> Tensor {
    if plan.evidence != nil {
      // The first token of a text is given, not predicted.
      for token in new where token > 0 { state.observe { judgements[$0][token - new.lowerBound] } }
      weigh()
    }
    let kept = logWeights.indices.filter { !(logWeights[$0] == -.infinity) }
    let parts = kept.compactMap { rows[$0] }
    precondition(parts.count == kept.count, "an expert has a weight and has not read")
    if kept.count == 1, logWeights[kept[0]] == 0 { return parts[0] }
    let weights = try Tensor(kept.map { Float(logWeights[$0]) }, [kept.count, 1])
    return try (.stacked(parts, axis: 0) + weights).logSumExp(0, axis: .removed)  // [V]
  }

  private func weigh() { state.weigh(walk?.squaredDistances() ?? [], into: &logWeights) }

  /// Reads the new tokens, and notes what an expert thought of each of them.
  private func judge(_ expert: Int, _ model: any LanguageModel, _ cache: KeyValueCache, portion: Int) throws {
    var judged = [try rows[expert].map { try $0.selected(0, tokens[new.lowerBound]).item() } ?? 0]
    for start in stride(from: new.lowerBound, to: new.upperBound, by: portion) {
      let places = start..<min(start + portion, new.upperBound)
      let input = try Tensor(places.map { Int64(tokens[$0]) }, [1, places.count])
      let scores = try model.logits(input.moved(to: model.outputWeight.device), ForwardPass(.inference, cache: cache))
      let logarithms = try scores.moved(to: .cpu).logSoftmax(-1).selected(0, 0)  // [T, V]
      let followers = places.filter { $0 + 1 < new.upperBound }.map { Int64(tokens[$0 + 1]) }
      if !followers.isEmpty {
        let targets = try Tensor(followers, [followers.count, 1])
        judged += try logarithms.narrowed(0, from: 0, count: followers.count).gathered(1, targets)
          .values(as: Double.self)
      }
      rows[expert] = try logarithms.selected(0, -1).copied()
    }
    judgements[expert] = judged
  }
}
