public import GroveTensor

/// One trained tensor of a model: its full-precision value, and the copy that the forward pass works with.
///
/// In float32 the two are one tensor. In bfloat16 the working copy of a matrix is cast once a step from the value; norms
/// and biases stay in float32. Gradients belong to the working copy.
public final class Parameter {
  /// What a parameter is for; it decides about weight decay and precision.
  public enum Role: Sendable {
    /// A matrix of a product: decayed, and cast to the working precision.
    case matrix
    /// A vector for each token or position, perhaps the output matrix too: decayed, and cast to the working precision.
    case embedding
    /// A gain or bias: not decayed, always float32.
    case vector
  }

  public let role: Role
  /// Rows of the matrices that are fused into this one; all of them for one matrix alone.
  public let parts: [Range<Int>]
  /// The full-precision value.
  public private(set) var value: Tensor
  /// What the forward pass reads, unless `quantized` is there.
  public private(set) var working: Tensor
  /// What the forward pass reads where the matrices are int8.
  public private(set) var quantized: QuantizedMatrix?
  /// The dtype of what goes in and comes out of a product with this parameter.
  public private(set) var dtype: DType

  /// The working copy is the value itself until `prepare(_:training:device:)` makes one.
  /// - Parameter parts: rows of the matrices that are fused into this one; nil for one matrix alone.
  public init(_ value: Tensor, role: Role, parts: [Range<Int>]? = nil) {
    self.value = value
    self.role = role
    self.parts = parts ?? [0..<(value.shape.first ?? 1)]
    working = value
    dtype = value.dtype
  }

  /// Of the whole parameter; a checkpoint may store parts of its rows apart, or transposed.
  public var shape: [Int] { value.shape }
  public var elementCount: Int { value.elementCount }

  /// Replaces the value, for example by one from a checkpoint; the working copy becomes the value itself.
  /// - Precondition: the shape stays.
  public func set(_ value: Tensor) {
    precondition(value.shape == shape, "a parameter of shape \(shape) cannot become \(value.shape)")
    self.value = value
    working = value
    quantized = nil
    dtype = value.dtype
  }

  /// Makes the working copy.
  /// - Parameters:
  ///   - precision: of the matrices; one with which a model can be trained, if it is to be.
  ///   - training: whether gradients are wanted. The value is then a float32 copy of its own, which may be changed in place.
  public func prepare(_ precision: Precision, training: Bool, device: Device) throws {
    try withGradients(.off) {
      if training {
        // A value that came from a mapped file cannot be written to.
        value = try value.cast(to: .float32).moved(to: device).copied()
      } else {
        value = try value.moved(to: device)
      }
      dtype = role == .vector ? .float32 : precision.dtype
      quantized = role != .vector && precision == .int8 ? try QuantizedMatrix(value) : nil
      working = quantized == nil ? try value.cast(to: dtype) : value
    }
    try working.setRequiresGradient(training)
  }

  /// Where the forward pass runs.
  public var device: Device { working.device }

  /// `x · weightᵀ + bias` in the working precision: `[…, in]` to `[…, out]`.
  func product(_ x: Tensor, bias: Tensor? = nil) throws -> Tensor {
    let x = try x.cast(to: dtype)
    if let quantized { return try linear(x, weight: quantized, bias: bias) }
    return try linear(x, weight: working, bias: bias)
  }

  /// Rows by index: `[…]` to `[…, C]`.
  func rows(_ indices: Tensor) throws -> Tensor {
    if let quantized { return try quantized.rows(indices, as: dtype) }
    return try embedding(indices, weight: working)
  }

  /// Replaces the full-precision value alone; the working copy stays as it is. A process that leaves the value to another
  /// gives the working copy itself.
  /// - Precondition: the shape stays.
  public func replaceValue(_ value: Tensor) {
    precondition(value.shape == shape, "a parameter of shape \(shape) cannot become \(value.shape)")
    self.value = value
  }

  /// Refreshes the working copy after the value has changed in place.
  public func refresh() throws {
    if working !== value { try withGradients(.off) { try working.copy(from: value) } }
  }
}

/// How matrices are held and multiplied. Sums, norms, the residual stream and the loss are float32.
public enum Precision: String, Codable, Sendable, CaseIterable {
  case float32
  case bfloat16
  case float16
  /// Weights of 8.5 bits (`QuantizedMatrix`), bfloat16 between them; for inference.
  case int8

  /// Of what goes in and comes out of a product.
  public var dtype: DType {
    switch self {
    case .float32: .float32
    case .bfloat16, .int8: .bfloat16
    case .float16: .float16
    }
  }

  /// Whether a model can be trained in it.
  public var isForTraining: Bool { self == .float32 || self == .bfloat16 }
}
