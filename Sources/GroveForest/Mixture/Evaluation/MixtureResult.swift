public import GroveEval
public import GroveReport

/// What a rule paid for a set of documents, and how it used the experts.
public struct MixtureResult: Sendable {
  public let rule: MixtureRule
  /// The experts, in the order of all weights.
  public let experts: [String]
  /// In the order of the documents.
  public let losses: [DocumentLoss]
  /// By domain, sorted by name.
  public let routing: [DomainRouting]
  /// For each expert the tokens for which it was kept.
  public let keptTokens: [Int]
  public let cost: MixtureCost
  /// Of the documents that were asked for, in the order of the documents.
  public let traces: [MixtureTrace]
  /// The prior after the last document, by expert: for a prior that is updated, what the next document would begin with.
  public let finalPrior: [Double]

  /// The mean weight of each expert in each domain, domain by expert.
  public func heatMap(title: String) -> HeatMap {
    HeatMap(
      title: title, valueLabel: "mean weight over tokens", rows: routing.map(\.domain), columns: experts,
      values: routing.map(\.meanWeights), note: "\(rule)")
  }
}

/// How the documents of one domain were routed.
public struct DomainRouting: Equatable, Sendable {
  public let domain: String
  /// Tokens of all its documents.
  public let tokens: Int
  /// For each expert the mean over the tokens of the weight that it predicted them with; they sum to 1.
  public let meanWeights: [Double]
}

/// The weights along one document.
public struct MixtureTrace: Equatable, Sendable {
  /// The id of the document.
  public let document: String
  public let experts: [String]
  /// For each token the weight of each expert in its prediction.
  public let weights: [[Double]]
  /// −log p of each token under the mixture.
  public let nats: [Double]

  /// The weights as curves, an expert each, over tokens.
  public func chart(title: String) -> LineChart {
    LineChart(
      title: title, xLabel: "token", yLabel: "weight",
      series: experts.enumerated().map { index, name in
        LineChart.Series(name, x: (1...max(weights.count, 1)).map { Double($0) }, y: weights.map { $0[index] })
      }, xScale: .logarithmic)
  }
}

/// What a rule cost by itself, whatever other rules were scored in the same pass.
public struct MixtureCost: Equatable, Sendable {
  /// Experts with a weight, mean over tokens: what is mixed.
  public let keptPerToken: Double
  /// Positions that went through an expert, over tokens that were scored: the forward passes of a token. For a rule with a
  /// posterior these are all experts with a prior, even if one alone is kept, because each must go on judging the text.
  /// For a distance these are the experts kept, and what an expert that is kept for the first time in a window must read
  /// to catch up: with k kept it is k while the choice stays. A stride counts on top, as for a single model.
  public let passesPerToken: Double
  /// Floating-point operations of those passes over tokens: two for each weight of a product, and attention over a whole
  /// context.
  public let operationsPerToken: Double
  /// Bytes of the weights of all experts that the rule used at least once: what stays in memory where nothing is given
  /// back.
  public let usedBytes: Int
  /// The most bytes of weights that the pool has held at once, for whatever rule.
  public let peakBytes: Int
}
