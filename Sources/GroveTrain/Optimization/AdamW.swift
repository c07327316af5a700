public import GroveCore
public import GroveModel
import GroveTensor

/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2), with Muon for the hidden
/// matrices on request.
public struct AdamWConfig: Config {
  /// How the matrices inside the blocks are updated.
  public enum MatrixRule: String, Codable, Sendable, CaseIterable {
    case adamW
    /// Orthogonalised momentum (Jordan et al. 2024), scaled to AdamW's learning rate (Liu et al. 2025, arXiv:2502.16982).
    case muon
  }

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
  /// Embeddings, an untied output matrix, norms and biases always follow AdamW.
  public var matrices = MatrixRule.adamW
  /// Memory of Muon's momentum.
  public var muonMomentum = 0.95

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(learningRate > 0 && learningRate.isFinite) {
      issues.append(ConfigIssue("learningRate", "\(learningRate) is not a positive number"))
    }
    if !(0..<1).contains(beta1) { issues.append(ConfigIssue("beta1", "\(beta1) is outside [0, 1)")) }
    if !(0..<1).contains(beta2) { issues.append(ConfigIssue("beta2", "\(beta2) is outside [0, 1)")) }
    if !(epsilon > 0) { issues.append(ConfigIssue("epsilon", "\(epsilon) is not positive")) }
    if !(0..<1).contains(muonMomentum) {
      issues.append(ConfigIssue("muonMomentum", "\(muonMomentum) is outside [0, 1)"))
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      issues.append(ConfigIssue("weightDecay", "\(weightDecay) is not a share"))
    }
    return issues
  }
}

/// The optimizer's state: the moments of each parameter, float32, and how often it has stepped.
public final class AdamW {
  let config: AdamWConfig
  let slots: [Slot]
  /// Steps that were applied; skipped ones do not count.
  public internal(set) var appliedSteps = 0

  struct Slot {
    let name: String
    let parameter: Parameter
    let mean: Tensor
    /// Nil for Muon, which has one moment.
    let square: Tensor?
    let weightDecay: Double
    /// Rows that are matrices of their own: queries, keys and values lie in one parameter.
    let parts: [Range<Int>]

    /// What a checkpoint holds of the slot.
    var moments: [(name: String, tensor: Tensor)] {
      [("mean.\(name)", mean)] + (square.map { [("square.\(name)", $0)] } ?? [])
    }
  }

  /// - Parameter parameters: prepared for training, each with the name under which its moments are saved.
  public init(
    _ config: AdamWConfig, parameters: [(name: String, parameter: Parameter)],
    parts: [ObjectIdentifier: [Range<Int>]] = [:]
  ) throws {
    self.config = config
    slots = try parameters.map { name, parameter in
      let device = parameter.value.device
      let isMuon = config.matrices == .muon && parameter.role == .matrix
      return Slot(
        name: name, parameter: parameter, mean: try .zeros(parameter.shape, .float32, on: device),
        square: isMuon ? nil : try .zeros(parameter.shape, .float32, on: device),
        weightDecay: parameter.role == .vector ? 0 : config.weightDecay,
        parts: parts[ObjectIdentifier(parameter)] ?? [0..<parameter.shape[0]])
    }
  }

  /// For all parameters of a model.
  public convenience init(_ config: AdamWConfig, model: any LanguageModel) throws {
    let parts = Dictionary(grouping: try model.storedTensors()) { ObjectIdentifier($0.parameter) }
    try self.init(config, parameters: model.parameters(), parts: parts.mapValues { $0.map(\.rows) })
  }

  /// Moves every parameter against its gradient.
  /// - Parameters:
  ///   - gradients: one for each parameter, in the order of `slots`.
  ///   - gradientScale: multiplies the gradients first.
  func step(_ gradients: [Tensor], learningRate: Double, gradientScale: Double) throws {
    appliedSteps += 1
    var entries: [AdamWUpdate.Entry] = []
    var matrices: [(slot: Slot, gradient: Tensor)] = []
    for (slot, gradient) in zip(slots, gradients) {
      guard let square = slot.square else {
        matrices.append((slot, gradient))
        continue
      }
      entries.append(
        AdamWUpdate.Entry(
          value: slot.parameter.value, working: slot.parameter.working, gradient: gradient, mean: slot.mean,
          square: square, weightDecay: slot.weightDecay))
    }
    try withGradients(.off) { try muon(matrices, learningRate: learningRate, gradientScale: gradientScale) }
    try AdamWUpdate(entries).apply(
      learningRate: learningRate, beta1: config.beta1, beta2: config.beta2, epsilon: config.epsilon,
      step: appliedSteps, gradientScale: gradientScale)
  }

  private func muon(
    _ matrices: [(slot: Slot, gradient: Tensor)], learningRate: Double, gradientScale: Double
  ) throws {
    guard let dtype = matrices.first?.slot.parameter.working.dtype else { return }
    var values: [Tensor] = []
    var directions: [Tensor] = []
    for (slot, gradient) in matrices {
      let gradient = try gradient.cast(to: .float32) * gradientScale
      try slot.parameter.value.scale(by: 1 - learningRate * slot.weightDecay)
      try slot.mean.scale(by: config.muonMomentum)
      try slot.mean.add(gradient)
      try gradient.add(slot.mean, times: config.muonMomentum)  // Nesterov's look ahead
      for rows in slot.parts {
        values.append(try slot.parameter.value.narrowed(0, from: rows.lowerBound, count: rows.count))
        directions.append(try gradient.narrowed(0, from: rows.lowerBound, count: rows.count))
      }
    }
    for (value, update) in zip(values, try Muon.orthogonalized(directions, in: dtype)) {
      let scale = Muon.scale(rows: value.size(0), columns: value.size(1))
      try value.add(update, times: -learningRate * scale)
    }
    for (slot, _) in matrices { try slot.parameter.refresh() }
  }
}
