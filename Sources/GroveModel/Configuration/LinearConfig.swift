public import GroveCore

/// What the matrices of the blocks are made of.
public struct LinearConfig: Config {
  /// What a matrix of [out, in] is.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// All of its numbers are learned.
    case dense
    /// scale / rank · B A, with B of [out, rank] and A of [rank, in].
    case lowRank
    /// The same plus a sparse matrix, whose places are drawn once (Han et al. 2024, arXiv:2406.02214: SLTrain).
    case sparseLowRank
  }

  public var form = Form.dense
  /// Of the low-rank part.
  public var rank = 0
  /// What the low-rank part is multiplied by, times its rank.
  public var scale = 1.0
  /// Share of the places that the sparse part has a number at.
  public var density = 0.03
  /// Share of the places of a dense matrix that are 0 and stay 0 in training (Thangarasa et al. 2023, arXiv:2303.10464). A
  /// run that starts from such a model with 0 here learns all places: the zeros are where they begin.
  public var sparsity = 0.0
  /// Draws the places of the sparse part, or those that are 0, whatever the seed of the weights.
  public var supportSeed = 0

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if form != .dense, !(1...ModelConfig.largestSize).contains(rank) {
      issues.append(ConfigIssue("rank", "\(rank) is outside 1...\(ModelConfig.largestSize)"))
    }
    if !(scale > 0 && scale.isFinite) { issues.append(ConfigIssue("scale", "\(scale) is not positive")) }
    if !(density > 0 && density < 1) { issues.append(ConfigIssue("density", "\(density) is outside (0, 1)")) }
    if !(0..<1).contains(sparsity) { issues.append(ConfigIssue("sparsity", "\(sparsity) is outside [0, 1)")) }
    if sparsity > 0, form != .dense { issues.append(ConfigIssue("sparsity", "is for the form dense")) }
    if supportSeed < 0 { issues.append(ConfigIssue("supportSeed", "\(supportSeed) is negative")) }
    return issues
  }

  /// Numbers that the sparse part has of a matrix.
  func support(_ outputs: Int, _ inputs: Int) -> Int { max(1, Int((density * Double(outputs * inputs)).rounded())) }

  /// Trained numbers of a matrix; of a sparse one those that are not held at 0, on average.
  func parameterCount(_ outputs: Int, _ inputs: Int) -> Int {
    switch form {
    case .dense: outputs * inputs
    case .lowRank: rank * (outputs + inputs)
    case .sparseLowRank: rank * (outputs + inputs) + support(outputs, inputs)
    }
  }
}
