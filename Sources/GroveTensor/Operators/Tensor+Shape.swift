private enum Shape {
  static let reshape = Operator("aten::reshape")
  static let view = Operator("aten::view")
  static let expand = Operator("aten::expand")
  static let transpose = Operator("aten::transpose", "int")
  static let permute = Operator("aten::permute")
  static let unsqueeze = Operator("aten::unsqueeze")
  static let squeeze = Operator("aten::squeeze", "dim")
  static let narrow = Operator("aten::narrow")
  static let select = Operator("aten::select", "int")
  static let concatenate = Operator("aten::cat")
  static let stack = Operator("aten::stack")
  static let split = Operator("aten::split_with_sizes")
  static let gather = Operator("aten::gather")
  static let indexSelect = Operator("aten::index_select")
  static let maskedFill = Operator("aten::masked_fill", "Scalar")
  static let choose = Operator("aten::where", "self")
  static let triangle = Operator("aten::tril")
}

/// Views and rearrangements. Axes may be negative: −1 is the last.
extension Tensor {
  /// The same elements in another shape; one size may be −1.
  public func reshaped(_ shape: Int...) throws -> Tensor { try reshaped(to: shape) }
  /// A view where the strides allow it, else a copy.
  public func reshaped(to shape: [Int]) throws -> Tensor { try Shape.reshape.tensor(.tensor(self), .integers(shape)) }

  /// Axes of size 1 repeated without a copy.
  public func expanded(to shape: [Int]) throws -> Tensor { try Shape.expand.tensor(.tensor(self), .integers(shape)) }

  /// A view with two axes exchanged.
  public func transposed(_ a: Int, _ b: Int) throws -> Tensor {
    try Shape.transpose.tensor(.tensor(self), .integer(a), .integer(b))
  }
  /// A view whose axis i is axis `axes[i]` of this tensor.
  public func permuted(_ axes: Int...) throws -> Tensor { try Shape.permute.tensor(.tensor(self), .integers(axes)) }
  /// A view with one more axis of size 1, which is number `axis` of the result.
  public func withNewAxis(at axis: Int) throws -> Tensor { try Shape.unsqueeze.tensor(.tensor(self), .integer(axis)) }
  /// A view without an axis of size 1; an axis of another size stays.
  public func withoutAxis(_ axis: Int) throws -> Tensor { try Shape.squeeze.tensor(.tensor(self), .integer(axis)) }

  /// A view of `count` positions from `start` along an axis.
  public func narrowed(_ axis: Int, from start: Int, count: Int) throws -> Tensor {
    try Shape.narrow.tensor(.tensor(self), .integer(axis), .integer(start), .integer(count))
  }
  /// A view of one position; the axis goes.
  public func selected(_ axis: Int, _ index: Int) throws -> Tensor {
    try Shape.select.tensor(.tensor(self), .integer(axis), .integer(index))
  }

  /// A copy of all, one after the other along an axis; their other sizes must be equal.
  public static func concatenated(_ tensors: [Tensor], axis: Int) throws -> Tensor {
    try Shape.concatenate.tensor(.tensors(tensors), .integer(axis))
  }
  /// A copy of all along a new axis, which is number `axis` of the result; their shapes must be equal.
  public static func stacked(_ tensors: [Tensor], axis: Int) throws -> Tensor {
    try Shape.stack.tensor(.tensors(tensors), .integer(axis))
  }
  /// Views of the given sizes along an axis.
  public func split(_ sizes: [Int], axis: Int) throws -> [Tensor] {
    try Shape.split.tensors(.tensor(self), .integers(sizes), .integer(axis))
  }

  /// `out[i][j] = self[i][index[i][j]]` along the axis.
  public func gathered(_ axis: Int, _ index: Tensor) throws -> Tensor {
    try Shape.gather.tensor(.tensor(self), .integer(axis), .tensor(index))
  }
  /// The slices named by a vector of indices.
  public func indexed(_ axis: Int, _ index: Tensor) throws -> Tensor {
    try Shape.indexSelect.tensor(.tensor(self), .integer(axis), .tensor(index))
  }
  /// `value` where the mask is true.
  public func filled(_ value: Double, where mask: Tensor) throws -> Tensor {
    try Shape.maskedFill.tensor(.tensor(self), .tensor(mask), .number(value))
  }
  /// `a` where the mask is true, else `b`.
  public static func choosing(_ mask: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    try Shape.choose.tensor(.tensor(mask), .tensor(a), .tensor(b))
  }
  /// The lower triangle: zero above the given diagonal.
  public func lowerTriangle(diagonal: Int) throws -> Tensor {
    try Shape.triangle.tensor(.tensor(self), .integer(diagonal))
  }
}
