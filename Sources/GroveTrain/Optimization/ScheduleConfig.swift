public import GroveCore

/// How the learning rate moves: up linearly over the warm-up, then along a shape down to a share of its peak.
public struct ScheduleConfig: Config {
  /// What the rate does after the warm-up.
  public enum Shape: String, Codable, Sendable, CaseIterable {
    /// Half a cosine (Loshchilov and Hutter 2016, arXiv:1608.03983).
    case cosine
    case linear
    case constant
    /// peak · √(warmup / step) (Vaswani et al. 2017, arXiv:1706.03762 §5.3).
    case inverseSquareRoot
    /// Constant, then down linearly over the last steps (Hu et al. 2024, arXiv:2404.06395 §4).
    case warmupStableDecay
  }

  public var shape = Shape.cosine
  /// Steps of the warm-up.
  public var warmupSteps = 100
  /// The rate at the end, as a share of the peak. Not used by constant and inverseSquareRoot.
  public var finalShare = 0.1
  /// Steps of the decay of warmupStableDecay.
  public var decaySteps = 200
  /// Steps that an earlier run has done, where this one goes on along its schedule: step 0 is this one of the whole. A
  /// seed phase has none before and its experts' steps after; an expert has the seed's before.
  public var stepsBefore = 0
  /// Steps that another run does afterwards along the same schedule.
  public var stepsAfter = 0

  public init() {}

  public func issues() -> [ConfigIssue] { issues(steps: .max) }

  func issues(steps: Int) -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    for (field, value) in [("stepsBefore", stepsBefore), ("stepsAfter", stepsAfter)]
    where !(0...1 << 48).contains(value) {
      issues.append(ConfigIssue(field, "\(value) is outside 0...\(1 << 48)"))
    }
    guard issues.isEmpty else { return issues }
    let steps = steps == .max ? steps : stepsBefore + steps + stepsAfter
    if warmupSteps < 0 || warmupSteps > steps {
      let limit = steps == .max ? "steps" : "\(steps)"
      issues.append(ConfigIssue("warmupSteps", "\(warmupSteps) is outside 0...\(limit)"))
    }
    if !(0...1).contains(finalShare) { issues.append(ConfigIssue("finalShare", "\(finalShare) is outside [0, 1]")) }
    if decaySteps < 0 { issues.append(ConfigIssue("decaySteps", "\(decaySteps) is negative")) }
    if shape == .warmupStableDecay, warmupSteps >= 0, warmupSteps <= steps, decaySteps > steps - warmupSteps {
      let rest = "the \(steps - warmupSteps) steps after the warm-up"
      issues.append(ConfigIssue("decaySteps", "\(decaySteps) is more than \(rest)"))
    }
    if shape == .inverseSquareRoot, warmupSteps == 0 {
      issues.append(ConfigIssue("warmupSteps", "inverseSquareRoot needs a warm-up"))
    }
    return issues
  }

  /// The share of the peak rate at a step.
  /// - Parameters:
  ///   - step: from 0.
  ///   - steps: of the run; those before and after it in the schedule are added.
  public func factor(step: Int, of steps: Int) -> Double {
    let (step, steps) = (stepsBefore + step, stepsBefore + steps + stepsAfter)
    if step < warmupSteps { return Double(step + 1) / Double(warmupSteps) }
    let rest = max(steps - warmupSteps, 1)
    let progress = min(Double(step - warmupSteps) / Double(rest), 1)
    switch shape {
    case .constant: return 1
    case .cosine: return finalShare + (1 - finalShare) * 0.5 * (1 + cosine(progress * .pi))
    case .linear: return finalShare + (1 - finalShare) * (1 - progress)
    case .inverseSquareRoot: return (Double(warmupSteps) / Double(step + 1)).squareRoot()
    case .warmupStableDecay:
      let left = steps - step
      guard left < decaySteps else { return 1 }
      return finalShare + (1 - finalShare) * Double(left) / Double(max(decaySteps, 1))
    }
  }
}
