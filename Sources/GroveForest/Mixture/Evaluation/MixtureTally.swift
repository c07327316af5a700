import Foundation
import GroveCorpus
import GroveEval
import GroveModel

/// What one rule has paid so far.
struct MixtureTally {
  let plan: MixturePlan
  /// Positions that each expert would have read for this rule alone.
  var passes: ExpertSums<Int>
  private let experts: [String]
  private let traced: Set<String>
  private var losses: [DocumentLoss] = []
  private var kept: ExpertSums<Int>
  private var domains: [String: (tokens: Int, weights: ExpertSums<Double>)] = [:]
  private var traces: [MixtureTrace] = []
  private var tokens = 0
  /// The log of the prior that the next document begins with; nil where the plan's own stays.
  private var logPrior: [Double]?

  init(_ plan: MixturePlan, experts: [String], traced: Set<String>) {
    self.plan = plan
    self.experts = experts
    self.traced = traced
    passes = ExpertSums(plan.expertCount)
    kept = ExpertSums(plan.expertCount)
  }

  /// Combines the losses of some documents.
  /// - Parameter starts: the log weights before each document, unless the prior was updated since.
  mutating func take(_ matrix: DocumentMatrix, _ starts: ArraySlice<[Double]>) {
    for (index, start) in starts.enumerated() { take(index, of: matrix, logPrior ?? start) }
  }

  private mutating func take(_ index: Int, of matrix: DocumentMatrix, _ start: [Double]) {
    let (document, row) = (matrix.documents[index], matrix.losses[index])
    let count = plan.expertCount
    var state = MixtureState(plan, logStart: start)
    var weights = start
    var mixed = [Double](repeating: 0, count: count)
    var sums = ExpertSums<Double>(count)
    var beliefs = ExpertSums<Double>(count)
    var nats = 0.0
    var trace: (weights: [[Double]], nats: [Double])? = traced.contains(document.id) ? ([], []) : nil
    for token in document.tokens.indices {
      let first = token * count
      state.weigh(matrix.distances(index, token), into: &weights)
      for expert in 0..<count {
        let isKept = weights[expert] > -.infinity || weights[expert].isNaN
        mixed[expert] = isKept ? weights[expert] - Double(row[first + expert]) : -.infinity
        if isKept {
          sums[expert] += exp(weights[expert])
          kept[expert] += 1
        }
      }
      let loss = -LogSpace.sum(mixed)
      nats += loss
      trace?.weights.append(weights.map { exp($0) })
      trace?.nats.append(loss)
      if plan.priorShare != nil {
        state.believe(into: &weights)
        for expert in 0..<count { beliefs[expert] += exp(weights[expert]) }
      }
      state.observe { -Double(row[first + $0]) }
    }
    losses.append(DocumentLoss(document, nats: nats))
    tokens += document.tokens.count
    domains[document.domain, default: (0, ExpertSums(count))].tokens += document.tokens.count
    domains[document.domain]?.weights.add(sums.values)
    if let trace {
      traces.append(
        MixtureTrace(document: document.id, experts: experts, weights: trace.weights, nats: trace.nats))
    }
    updatePrior(beliefs.values, tokens: document.tokens.count)
  }

  /// An exponential moving average whose first value is the first document's.
  private mutating func updatePrior(_ beliefs: [Double], tokens: Int) {
    guard let share = plan.priorShare, tokens > 0 else { return }
    let means = beliefs.map { $0 / Double(tokens) }
    let before = logPrior.map { $0.map { exp($0) } } ?? means
    logPrior = zip(means, before).map { log(share * $0 + (1 - share) * $1) }
  }

  /// What was paid in all.
  func result(_ pool: ExpertPool) -> MixtureResult {
    let tokens = Double(max(tokens, 1))
    let operations = zip(pool.configs, passes.values).reduce(0.0) {
      $0 + $1.0.inferenceOperationsPerToken * Double($1.1)
    }
    return MixtureResult(
      rule: plan.rule, experts: experts, losses: losses,
      routing: domains.sorted { $0.key < $1.key }.map { name, sums in
        DomainRouting(
          domain: name, tokens: sums.tokens,
          meanWeights: sums.weights.values.map { $0 / Double(max(sums.tokens, 1)) })
      },
      keptTokens: kept.values,
      cost: MixtureCost(
        keptPerToken: Double(kept.values.reduce(0, +)) / tokens,
        passesPerToken: Double(passes.values.reduce(0, +)) / tokens, operationsPerToken: operations / tokens,
        usedBytes: zip(pool.byteCounts, passes.values).reduce(0) { $1.1 > 0 ? $0 + $1.0 : $0 },
        peakBytes: pool.peakBytes),
      traces: traces,
      finalPrior: (logPrior ?? plan.logStart).map { exp($0) })
  }
}

/// A number for each expert.
struct ExpertSums<Value: AdditiveArithmetic & Sendable>: Sendable {
  private(set) var values: [Value]

  init(_ count: Int) { values = [Value](repeating: .zero, count: count) }

  subscript(expert: Int) -> Value {
    get { values[expert] }
    set { values[expert] = newValue }
  }

  mutating func add(_ others: [Value]) { for index in values.indices { values[index] += others[index] } }
}
