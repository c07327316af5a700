public import GroveCore
public import GroveModel
import GroveTensor

/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2).
public struct AdamWConfig: Config {
  /// The peak of the schedule.
  public var learningRate = 1e-3
  /// Memory of the first moment.
  public var beta1 = 0.9
  /// Memory of the second moment.
  public var beta2 = 0.95
  /// Added to the root of the second moment.
  public var epsilon = 1e-8
  /// Share of the learning rate by which matrices shrink in a step. Norms and biases do not decay.
  public var weightDecay = 0.1

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(learningRate > 0 && learningRate.isFinite) {
      issues.append(ConfigIssue("learningRate", "\(learningRate) is not a positive number"))
    }
    if !(0..<1).contains(beta1) { issues.append(ConfigIssue("beta1", "\(beta1) is outside [0, 1)")) }
    if !(0..<1).contains(beta2) { issues.append(ConfigIssue("beta2", "\(beta2) is outside [0, 1)")) }
    if !(epsilon > 0) { issues.append(ConfigIssue("epsilon", "\(epsilon) is not positive")) }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      issues.append(ConfigIssue("weightDecay", "\(weightDecay) is not a share"))
    }
    return issues
  }
}

/// The optimizer's state: two moments for each parameter, float32, and how often it has stepped.
public final class AdamW {
  let config: AdamWConfig
  let slots: [Slot]
  /// Steps that were applied; skipped ones do not count.
  public internal(set) var appliedSteps = 0

  struct Slot {
    let name: String
    let parameter: Parameter
    let mean: Tensor
    let square: Tensor
    let weightDecay: Double
  }

  /// - Parameter parameters: prepared for training, each with the name under which its moments are saved.
  public init(_ config: AdamWConfig, parameters: [(name: String, parameter: Parameter)]) throws {
    self.config = config
    slots = try parameters.map { name, parameter in
      let device = parameter.value.device
      return Slot(
        name: name, parameter: parameter,
        mean: try .zeros(parameter.shape, .float32, on: device),
        square: try .zeros(parameter.shape, .float32, on: device),
        weightDecay: parameter.role == .matrix ? config.weightDecay : 0)
    }
  }

  /// Moves every parameter against its gradient.
  /// - Parameters:
  ///   - gradients: one for each parameter, in the order of `slots`.
  ///   - gradientScale: multiplies the gradients first.
  func step(_ gradients: [Tensor], learningRate: Double, gradientScale: Double) throws {
    appliedSteps += 1
    let correction1 = 1 - power(config.beta1, appliedSteps)
    let correction2 = (1 - power(config.beta2, appliedSteps)).squareRoot()
    try withGradients(.off) {
      for (slot, gradient) in zip(slots, gradients) {
        let g = try gradient.cast(to: .float32) * gradientScale
        let value = slot.parameter.value
        try value.scale(by: 1 - learningRate * slot.weightDecay)
        try slot.mean.scale(by: config.beta1)
        try slot.mean.add(g, times: 1 - config.beta1)
        try slot.square.scale(by: config.beta2)
        try slot.square.add(g * g, times: 1 - config.beta2)
        let root = try slot.square.squareRoot() / correction2 + config.epsilon
        try value.add(slot.mean / root, times: -learningRate / correction1)
        try slot.parameter.refresh()
      }
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
