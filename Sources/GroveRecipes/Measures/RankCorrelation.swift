import GroveEval

/// Spearman's rank correlation for judgements.
enum RankCorrelation {
  /// 0 where one side does not vary: a model that is always wrong shows no relation.
  static func spearman(_ x: [Double], _ y: [Double]) -> Double {
    guard Set(x).count > 1, Set(y).count > 1 else { return 0 }
    return (try? HypothesisTest.spearman(x, y).statistic) ?? 0
  }
}
