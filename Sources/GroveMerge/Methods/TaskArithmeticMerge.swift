public import GroveTensor

/// The base plus a weighted sum of task vectors, each made sparse, with or without an election of signs:
/// θ = θ₀ + λ Σᵢ wᵢ s(θᵢ − θ₀).
///
/// - Source: Ilharco et al. 2022, "Editing models with task arithmetic" (arXiv:2212.04089), §2; TIES: Yadav et al. 2023
///   (arXiv:2306.01708), §3; DARE: Yu et al. 2023 (arXiv:2311.03099), §3; Breadcrumbs: Davari and Belilovsky 2023
///   (arXiv:2312.06795), §3; DELLA: Deep et al. 2024 (arXiv:2406.11617), §3.
/// - Note: as in mergekit, weights are applied before signs are elected, and a sum that is exactly 0 elects the positive
///   sign. We differ: task vectors are computed in float32 where mergekit stays in bfloat16 or float16, and the sums that
///   rescaling needs are float64, so that they do not depend on the number of threads.
public struct TaskArithmeticMerge: Equatable, Sendable {
  /// How much of one model's task vector goes in, and which of its elements.
  public struct Part: Equatable, Sendable {
    /// The factor wᵢ.
    public var weight: Double
    /// Which elements stay.
    public var sparsity: Sparsity

    public init(weight: Double, sparsity: Sparsity) {
      self.weight = weight
      self.sparsity = sparsity
    }
  }

  /// What happens where task vectors have opposite signs.
  public enum Consensus: Equatable, Sendable {
    /// They are added.
    case none
    /// Only those that have the sign of the weighted sum are added (arXiv:2306.01708, §3.2).
    case electedSign
  }

  /// One for each model but the base, in their order.
  public var parts: [Part]
  /// What happens where task vectors have opposite signs.
  public var consensus: Consensus
  /// What makes up for dropped elements.
  public var rescaling: Rescaling
  /// Whether each element of the sum is divided by the sum of the weights that went into it.
  public var normalizes: Bool
  /// λ, the scale of the whole sum.
  public var scale: Double

  public init(
    parts: [Part], consensus: Consensus, rescaling: Rescaling, normalizes: Bool, scale: Double = 1
  ) {
    self.parts = parts
    self.consensus = consensus
    self.rescaling = rescaling
    self.normalizes = normalizes
    self.scale = scale
  }

  /// The merged tensor. Memory: two tensors besides base and input, up to six with an election of signs, whatever the
  /// number of models.
  ///
  /// - Parameter masking: the mask of a part's task vector, true or 1 where an element stays; nil where all do. The
  ///   part's sparsity makes it where nothing else is given.
  public func merge(
    _ inputs: MergeInputs, masking: ((_ part: Int, _ delta: Tensor) throws -> Tensor?)? = nil
  ) throws -> Tensor {
    precondition(parts.count == inputs.others.count, "\(parts.count) parts for \(inputs.others.count) models")
    let base = try inputs.baseTensor()
    guard !parts.isEmpty else { return base }
    let sum: any TaskVectorSum =
      switch consensus {
      case .none: try PlainSum(like: base)
      case .electedSign: try ElectedSum(like: base, normalizes: normalizes)
      }
    for (index, model) in inputs.others.enumerated() {
      let (delta, sparsity) = (try inputs.tensor(model) - base, parts[index].sparsity)
      let mask = try masking.map { try $0(index, delta) } ?? sparsity.mask(of: delta, draws: inputs.draws(model))
      if let mask { try TaskArithmeticMerge.apply(mask, to: delta, rescaling, density: sparsity.density) }
      try delta.scale(by: parts[index].weight)
      try sum.add(delta, weight: parts[index].weight)
    }
    let mixed = try sum.result(normalized: normalizes)
    if scale != 1 { try mixed.scale(by: scale) }
    return try base + mixed
  }

  /// Multiplies a task vector by a mask in place, and makes up for what is gone.
  ///
  /// - Parameter density: the share that `Rescaling.density` divides by; nothing is divided where it is 0.
  public static func apply(
    _ mask: Tensor, to delta: Tensor, _ rescaling: Rescaling, density: Double
  ) throws {
    let before = rescaling == .magnitudes ? try VectorSums.magnitude(delta) : 0
    try MergeOperators.multiplyInto.run(.tensor(delta), .tensor(mask))
    switch rescaling {
    case .none: break
    case .density: if density > 0 { try delta.scale(by: 1 / density) }
    case .magnitudes:
      let after = try VectorSums.magnitude(delta)
      // Nothing was there, or nothing is left: no factor makes up for that.
      if before >= smallestMagnitude, after >= smallestMagnitude { try delta.scale(by: before / after) }
    }
  }

  private static let smallestMagnitude = 1e-7
}

extension Sparsity {
  /// The share of elements that stay, on average; 1 where all do.
  public var density: Double {
    switch self {
    case .none: 1
    case .largest(let density), .random(let density), .middle(let density, _), .ranked(let density, _):
      min(1, max(0, density))
    }
  }
}
