/// The weights of one text as it grows.
///
/// A sum of logarithms in float64 stands for what speaks for each expert: over 10⁵ tokens it is a number of some 10⁶ with
/// an error of some 10⁻⁹, where the product itself would have been 0 after a hundred.
struct MixtureState {
  private let plan: MixturePlan
  private let logStart: [Double]
  /// Σ log p_j(x_s) over the tokens that count; zeros where nothing is gathered.
  private var evidence: [Double]

  /// - Parameter logStart: the log weights before the text, as the plan gives them or a prior that was updated.
  init(_ plan: MixturePlan, logStart: [Double]) {
    self.plan = plan
    self.logStart = logStart
    evidence = [Double](repeating: 0, count: plan.expertCount)
  }

  /// The log weights of the next token; those of experts that are left out are −∞.
  /// - Parameter distances: squared, of the text so far to each expert's cluster; read only where the rule needs them.
  func weigh(_ distances: some Collection<Double>, into weights: inout [Double]) {
    believe(into: &weights)
    if let distance = plan.distance {
      for (index, squared) in zip(weights.indices, distances) {
        weights[index] += distance.logWeight(squaredDistance: squared)
      }
      LogSpace.normalise(&weights)
    }
    if let top = plan.top, !(plan.evidence == nil && plan.distance == nil) {
      LogSpace.keepLargest(top, of: &weights)
      LogSpace.normalise(&weights)
    }
  }

  /// The log of the experts' posterior, without distances and before any choice.
  func believe(into weights: inout [Double]) {
    weights.replaceSubrange(weights.indices, with: logStart)
    if plan.evidence != nil {
      for index in weights.indices { weights[index] += evidence[index] }
      LogSpace.normalise(&weights)
    }
  }

  /// Takes in the token that came, by its log-probability under each expert; those of experts without a start count
  /// nothing.
  mutating func observe(_ logProbability: (Int) -> Double) {
    guard let kind = plan.evidence else { return }
    for index in logStart.indices where logStart[index] > -.infinity {
      if kind == .lastToken { evidence[index] = 0 }
      evidence[index] += logProbability(index)
    }
  }
}
