public import GroveCore
public import GroveModel
public import GroveTensor

/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2), with Muon for the
/// matrices inside the blocks on request.
public struct OptimizerConfig: Config {
  /// How the matrices inside the blocks are updated.
  public enum MatrixRule: String, Codable, Sendable, CaseIterable {
    case adamW
    /// Orthogonalised momentum (Jordan et al. 2024), scaled to AdamW's learning rate (Liu et al. 2025, arXiv:2502.16982).
    case muon
  }

  /// Which process holds the moments where several train together.
  public enum MomentPlacement: String, Codable, Sendable, CaseIterable {
    /// Each holds all of them.
    case replicated
    /// Each holds those of its share of the parameters, with their full-precision values, moves these, and sends the
    /// working copies to the others (Rajbhandari et al. 2019, arXiv:1910.02054, §5.1). We differ: a parameter is never
    /// divided, and gradients are summed in every process. The first process holds all values while it saves.
    case sharded
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
  /// Of the matrices inside the blocks; embeddings, the output matrix, norms and biases always have AdamW.
  public var matrices = MatrixRule.adamW
  /// Memory of Muon's momentum.
  public var muonMomentum = 0.95
  /// Weights and checkpoints are the same either way, and a checkpoint goes on with any number of processes.
  public var moments = MomentPlacement.replicated

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(learningRate > 0 && learningRate.isFinite) {
      issues.append(ConfigIssue("learningRate", "\(learningRate) is not a positive number"))
    }
    if !(0..<1).contains(beta1) { issues.append(ConfigIssue("beta1", "\(beta1) is outside [0, 1)")) }
    if !(0..<1).contains(beta2) { issues.append(ConfigIssue("beta2", "\(beta2) is outside [0, 1)")) }
    issues += ConfigIssue.notPositive(["epsilon": epsilon])
    if !(0..<1).contains(muonMomentum) {
      issues.append(ConfigIssue("muonMomentum", "\(muonMomentum) is outside [0, 1)"))
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      issues.append(ConfigIssue("weightDecay", "\(weightDecay) is not a share"))
    }
    return issues
  }
}

/// AdamW, and Muon where the config asks for it: the moments of each parameter, float32, and how often it has stepped.
public final class Optimizer {
  let config: OptimizerConfig
  let slots: [Slot]
  /// Steps that were applied; skipped ones do not count.
  public internal(set) var appliedSteps = 0

  let processes: ProcessGroup

  struct Slot {
    let name: String
    let parameter: Parameter
    /// The process that moves the parameter; nil if each does.
    let owner: Int?
    /// Nil for Muon, which has one moment.
    let secondMomentName: String?
    /// Nil where another process holds them.
    let moments: Moments?
    let weightDecay: Double
    /// Rows that are matrices of their own: queries, keys and values lie in one parameter.
    let parts: [Range<Int>]

    var firstMomentName: String { "mean.\(name)" }
  }

  struct Moments {
    let mean: Tensor
    /// Nil for Muon.
    let square: Tensor?
  }

  /// - Parameter parameters: prepared for training, each with the name under which its moments are saved.
  public convenience init(
    _ config: OptimizerConfig, parameters: [(name: String, parameter: Parameter)]
  ) throws {
    try self.init(config, parameters: parameters, processes: ProcessGroup())
  }

  private init(
    _ config: OptimizerConfig, parameters: [(name: String, parameter: Parameter)], processes: ProcessGroup
  ) throws {
    self.config = config
    self.processes = processes
    let owners =
      config.moments == .sharded && processes.size > 1
      ? MomentShares(sizes: parameters.map(\.parameter.elementCount), processes: processes.size).owners : []
    slots = try parameters.enumerated().map { index, entry in
      let (name, parameter) = entry
      let owner = owners.isEmpty ? nil : owners[index]
      let isMuon = config.matrices == .muon && parameter.role == .matrix
      let isHeld = owner == nil || owner == processes.rank
      if !isHeld { parameter.replaceValue(parameter.working) }
      func zeros() throws -> Tensor { try .zeros(parameter.shape, .float32, on: parameter.value.device) }
      return Slot(
        name: name, parameter: parameter, owner: owner, secondMomentName: isMuon ? nil : "square.\(name)",
        moments: isHeld ? Moments(mean: try zeros(), square: isMuon ? nil : try zeros()) : nil,
        weightDecay: parameter.role == .vector ? 0 : config.weightDecay,
        parts: parameter.parts)
    }
  }

  /// For all parameters of a model, in every process of a group.
  public convenience init(
    _ config: OptimizerConfig, model: any LanguageModel, processes: ProcessGroup = ProcessGroup()
  ) throws {
    try self.init(config, parameters: model.parameters(), processes: processes)
  }

  /// Moves every parameter against its gradient.
  /// - Parameters:
  ///   - gradients: one for each parameter, in the order of `slots`.
  ///   - gradientScale: multiplies the gradients first.
  func step(_ gradients: [Tensor], learningRate: Double, gradientScale: Double) throws {
    appliedSteps += 1
    var entries: [AdamWUpdate.Entry] = []
    var matrices: [(slot: Slot, mean: Tensor, gradient: Tensor)] = []
    for (slot, gradient) in zip(slots, gradients) {
      guard let moments = slot.moments else { continue }
      guard let square = moments.square else {
        matrices.append((slot, moments.mean, gradient))
        continue
      }
      entries.append(
        AdamWUpdate.Entry(
          value: slot.parameter.value, working: slot.parameter.working, gradient: gradient, mean: moments.mean,
          square: square, weightDecay: slot.weightDecay))
    }
    try withGradients(.off) { try muon(matrices, learningRate: learningRate, gradientScale: gradientScale) }
    try AdamWUpdate(entries).apply(
      learningRate: learningRate, beta1: config.beta1, beta2: config.beta2, epsilon: config.epsilon,
      step: appliedSteps, gradientScale: gradientScale)
    try exchange()
  }

  /// Brings the parameters that other processes have moved.
  private func exchange() throws {
    try processes.broadcast(slots.compactMap { slot in slot.owner.map { (slot.parameter.working, $0) } })
  }

  private func muon(
    _ matrices: [(slot: Slot, mean: Tensor, gradient: Tensor)], learningRate: Double, gradientScale: Double
  ) throws {
    guard let dtype = matrices.first?.slot.parameter.working.dtype else { return }
    var values: [Tensor] = []
    var directions: [Tensor] = []
    for (slot, mean, gradient) in matrices {
      let gradient = try gradient.cast(to: .float32) * gradientScale
      try slot.parameter.value.scale(by: 1 - learningRate * slot.weightDecay)
      try mean.scale(by: config.muonMomentum)
      try mean.add(gradient)
      try gradient.add(mean, times: config.muonMomentum)  // Nesterov's look ahead
      for rows in slot.parts {
        values.append(try slot.parameter.value.narrowed(0, from: rows.lowerBound, count: rows.count))
        directions.append(try gradient.narrowed(0, from: rows.lowerBound, count: rows.count))
      }
    }
    for (value, update) in zip(values, try Muon.orthogonalized(directions, in: dtype)) {
      let scale = Muon.scale(rows: value.size(0), columns: value.size(1))
      try value.add(update, times: -learningRate * scale)
    }
    for (slot, _, _) in matrices { try slot.parameter.refresh() }
  }
}
