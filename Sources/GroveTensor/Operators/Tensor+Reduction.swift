private enum Reduction {
  static let sum = Operator("aten::sum")
  static let sumAxes = Operator("aten::sum", "dim_IntList")
  static let meanAxes = Operator("aten::mean", "dim")
  static let mean = Operator("aten::mean")
  static let maximum = Operator("aten::amax")
  static let argumentOfMaximum = Operator("aten::argmax")
  static let logSumExp = Operator("aten::logsumexp")
  static let cumulativeSum = Operator("aten::cumsum")
  static let topK = Operator("aten::topk")
  static let sort = Operator("aten::sort")
  static let softmax = Operator("aten::softmax", "int")
  static let logSoftmax = Operator("aten::log_softmax", "int")
  static let all = Operator("aten::all")
  static let norm = Operator("aten::linalg_vector_norm")
}

/// What is left of an axis that a reduction went over.
public enum ReducedAxis: Sendable {
  case kept
  case removed
}

extension Tensor {
  /// The sum of all elements; float32 for float16 and bfloat16 only if `dtype` says so.
  public func sum(as dtype: DType? = nil) throws -> Tensor {
    try Reduction.sum.tensor(.tensor(self), dtype.map { .dtype($0) } ?? .none)
  }
  /// The sum over some axes, in the tensor's own dtype; int64 for integers and `bool`.
  public func sum(_ axes: Int..., axis: ReducedAxis) throws -> Tensor {
    try Reduction.sumAxes.tensor(.tensor(self), .integers(axes), .boolean(axis == .kept))
  }
  /// The mean of all elements, in the tensor's own dtype, which must be a floating one.
  public func mean() throws -> Tensor { try Reduction.mean.tensor(.tensor(self)) }
  /// The mean over some axes, in the tensor's own dtype, which must be a floating one.
  public func mean(_ axes: Int..., axis: ReducedAxis) throws -> Tensor {
    try Reduction.meanAxes.tensor(.tensor(self), .integers(axes), .boolean(axis == .kept))
  }
  /// The largest element along an axis; equal ones share the gradient.
  public func maximum(_ axis: Int, axis kept: ReducedAxis) throws -> Tensor {
    try Reduction.maximum.tensor(.tensor(self), .integers([axis]), .boolean(kept == .kept))
  }
  /// The index of the largest element along an axis, the first one in a tie; int64.
  public func argumentOfMaximum(_ axis: Int) throws -> Tensor {
    try Reduction.argumentOfMaximum.tensor(.tensor(self), .integer(axis), .boolean(false))
  }
  /// log Σ eˣ along an axis, without overflow.
  public func logSumExp(_ axis: Int, axis kept: ReducedAxis) throws -> Tensor {
    try Reduction.logSumExp.tensor(.tensor(self), .integers([axis]), .boolean(kept == .kept))
  }
  /// At every position of an axis the sum up to it, itself included.
  public func cumulativeSum(_ axis: Int) throws -> Tensor {
    try Reduction.cumulativeSum.tensor(.tensor(self), .integer(axis))
  }
  /// The largest `count` values along the last axis in descending order, and their indices.
  public func largest(_ count: Int) throws -> (values: Tensor, indices: Tensor) {
    let results = try Reduction.topK.tensors(
      .tensor(self), .integer(count), .integer(-1), .boolean(true), .boolean(true))
    return (results[0], results[1])
  }
  /// The last axis in order, and where each element came from.
  public func sorted(descending: Bool) throws -> (values: Tensor, indices: Tensor) {
    let results = try Reduction.sort.tensors(.tensor(self), .integer(-1), .boolean(descending))
    return (results[0], results[1])
  }
  /// - Parameter dtype: what the softmax is computed and given in; nil keeps the tensor's.
  public func softmax(_ axis: Int, as dtype: DType? = nil) throws -> Tensor {
    try Reduction.softmax.tensor(.tensor(self), .integer(axis), dtype.map { .dtype($0) } ?? .none)
  }
  /// - Parameter dtype: what the log-softmax is computed and given in; nil keeps the tensor's.
  public func logSoftmax(_ axis: Int, as dtype: DType? = nil) throws -> Tensor {
    try Reduction.logSoftmax.tensor(.tensor(self), .integer(axis), dtype.map { .dtype($0) } ?? .none)
  }
  /// Whether all elements of a `bool` tensor are true. Waits for the device.
  public func allTrue() throws -> Bool { try Reduction.all.tensor(.tensor(self)).item() != 0 }

  /// The Euclidean norm of all elements, summed in float32 at least.
  public func norm() throws -> Tensor {
    try Reduction.norm.tensor(
      .tensor(self), .number(2), .none, .boolean(false), dtype == .float64 ? .none : .dtype(.float32))
  }
}
