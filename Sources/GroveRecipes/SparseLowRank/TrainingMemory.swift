public import GroveModel

/// What training holds of a model whatever the batch: weights, gradients, the moments of Adam and the places of sparse numbers, by
/// arithmetic.
public struct TrainingMemory: Equatable, Sendable {
  /// How the numbers are stored.
  public struct Format: Equatable, Sendable {
    /// Of a weight.
    public var weightBytes: Double
    /// Of a gradient.
    public var gradientBytes: Double
    /// Of each of Adam's two moments.
    public var momentBytes: Double
    /// Of the place of a sparse number.
    public var placeBytes: Double
    /// Gradients are used and dropped matrix by matrix, so that only the largest is held (Lv et al. 2023, arXiv:2306.09782).
    public var updatesByMatrix: Bool

    public init(
      weightBytes: Double, gradientBytes: Double, momentBytes: Double, placeBytes: Double, updatesByMatrix: Bool
    ) {
      self.weightBytes = weightBytes
      self.gradientBytes = gradientBytes
      self.momentBytes = momentBytes
      self.placeBytes = placeBytes
      self.updatesByMatrix = updatesByMatrix
    }

    /// Grove's in float32: a gradient and two moments of four bytes for each weight, and places of eight.
    public static let float32 = Format(
      weightBytes: 4, gradientBytes: 4, momentBytes: 4, placeBytes: 8, updatesByMatrix: false)
    /// The paper's dense training: all in bfloat16.
    public static let bfloat16 = Format(
      weightBytes: 2, gradientBytes: 2, momentBytes: 2, placeBytes: 8, updatesByMatrix: false)
    /// The paper's most sparing: bfloat16, moments of 8 bits, matrix by matrix.
    public static let bytes8 = Format(
      weightBytes: 2, gradientBytes: 2, momentBytes: 1, placeBytes: 8, updatesByMatrix: true)
  }

  /// Trained numbers.
  public let parameters: Int
  /// Sparse numbers, each with a place.
  public let places: Int
  /// Numbers of the largest tensor.
  public let largest: Int

  /// - Parameter shape: a valid config with its vocabulary's size.
  public init(_ shape: ModelConfig) {
    let sizes = TrainingMemory.matrices(shape)
    parameters = shape.parameterCount
    places = shape.linear.form == .sparseLowRank ? sizes.reduce(0) { $0 + shape.layers * shape.sparseNumbers($1) } : 0
    largest = max(shape.vocabularySize * shape.tokenWidth, sizes.map { shape.trainedNumbers($0) }.max() ?? 0)
  }

  /// All of it together.
  public func bytes(_ format: Format) -> Double {
    let gradients = format.updatesByMatrix ? largest : parameters
    return Double(parameters) * (format.weightBytes + 2 * format.momentBytes)
      + Double(gradients) * format.gradientBytes + Double(places) * format.placeBytes
  }

  /// Rows and columns of the matrices of a block.
  private static func matrices(_ shape: ModelConfig) -> [(outputs: Int, inputs: Int)] {
    let (heads, keyValues) = (
      shape.attention.heads * shape.headWidth, shape.attention.keyValueHeads * shape.headWidth
    )
    let (width, hidden) = (shape.width, shape.feedForwardWidth)
    let gate = shape.architecture.feedForward == .gated ? [(hidden, width)] : []
    return [(heads, width), (keyValues, width), (keyValues, width), (width, heads)] + gate
      + [(hidden, width), (width, hidden)]
  }
}

extension ModelConfig {
  /// Numbers of the sparse part of a matrix.
  fileprivate func sparseNumbers(_ size: (outputs: Int, inputs: Int)) -> Int {
    max(1, Int((linear.density * Double(size.outputs * size.inputs)).rounded()))
  }

  /// Trained numbers of a matrix.
  fileprivate func trainedNumbers(_ size: (outputs: Int, inputs: Int)) -> Int {
    let factors = linear.rank * (size.outputs + size.inputs)
    return switch linear.form {
    case .dense: size.outputs * size.inputs
    case .lowRank: factors
    case .sparseLowRank: factors + sparseNumbers(size)
    }
  }
}
