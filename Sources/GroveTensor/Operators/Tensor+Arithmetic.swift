private enum Arithmetic {
  static let add = Operator("aten::add", "Tensor")
  static let addScalar = Operator("aten::add", "Scalar")
  static let addInto = Operator("aten::add_", "Tensor")
  static let subtract = Operator("aten::sub", "Tensor")
  static let multiply = Operator("aten::mul", "Tensor")
  static let multiplyScalar = Operator("aten::mul", "Scalar")
  static let multiplyInto = Operator("aten::mul_", "Scalar")
  static let divide = Operator("aten::div", "Tensor")
  static let divideScalar = Operator("aten::div", "Scalar")
  static let negative = Operator("aten::neg")
  static let power = Operator("aten::pow", "Tensor_Scalar")
  static let squareRoot = Operator("aten::sqrt")
  static let reciprocalSquareRoot = Operator("aten::rsqrt")
  static let exponential = Operator("aten::exp")
  static let logarithm = Operator("aten::log")
  static let absolute = Operator("aten::abs")
  static let isFinite = Operator("aten::isfinite")
  static let equal = Operator("aten::eq", "Tensor")
  static let equalScalar = Operator("aten::eq", "Scalar")
  static let less = Operator("aten::lt", "Tensor")
  static let lessScalar = Operator("aten::lt", "Scalar")
  static let lessOrEqual = Operator("aten::le", "Tensor")
  static let greaterScalar = Operator("aten::gt", "Scalar")
}

/// Element-wise arithmetic with broadcasting, as in PyTorch.
extension Tensor {
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try Arithmetic.add.tensor(.tensor(a), .tensor(b)) }
  public static func - (a: Tensor, b: Tensor) throws -> Tensor {
    try Arithmetic.subtract.tensor(.tensor(a), .tensor(b))
  }
  public static func * (a: Tensor, b: Tensor) throws -> Tensor {
    try Arithmetic.multiply.tensor(.tensor(a), .tensor(b))
  }
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try Arithmetic.divide.tensor(.tensor(a), .tensor(b)) }

  public static func + (a: Tensor, b: Double) throws -> Tensor {
    try Arithmetic.addScalar.tensor(.tensor(a), .number(b))
  }
  public static func - (a: Tensor, b: Double) throws -> Tensor {
    try Arithmetic.addScalar.tensor(.tensor(a), .number(-b))
  }
  public static func * (a: Tensor, b: Double) throws -> Tensor {
    try Arithmetic.multiplyScalar.tensor(.tensor(a), .number(b))
  }
  public static func / (a: Tensor, b: Double) throws -> Tensor {
    try Arithmetic.divideScalar.tensor(.tensor(a), .number(b))
  }
  public static prefix func - (a: Tensor) throws -> Tensor { try Arithmetic.negative.tensor(.tensor(a)) }

  /// Adds `other · factor` in place.
  public func add(_ other: Tensor, times factor: Double = 1) throws {
    try Arithmetic.addInto.run(.tensor(self), .tensor(other), .number(factor))
  }

  /// Multiplies in place.
  public func scale(by factor: Double) throws { try Arithmetic.multiplyInto.run(.tensor(self), .number(factor)) }

  public func power(_ exponent: Double) throws -> Tensor {
    try Arithmetic.power.tensor(.tensor(self), .number(exponent))
  }
  public func squareRoot() throws -> Tensor { try Arithmetic.squareRoot.tensor(.tensor(self)) }
  /// 1 / √x.
  public func reciprocalSquareRoot() throws -> Tensor { try Arithmetic.reciprocalSquareRoot.tensor(.tensor(self)) }
  /// eˣ.
  public func exponential() throws -> Tensor { try Arithmetic.exponential.tensor(.tensor(self)) }
  /// The natural logarithm.
  public func logarithm() throws -> Tensor { try Arithmetic.logarithm.tensor(.tensor(self)) }
  public func absolute() throws -> Tensor { try Arithmetic.absolute.tensor(.tensor(self)) }

  /// Comparisons give tensors of `bool`.
  public func isFinite() throws -> Tensor { try Arithmetic.isFinite.tensor(.tensor(self)) }
  public func equals(_ other: Tensor) throws -> Tensor { try Arithmetic.equal.tensor(.tensor(self), .tensor(other)) }
  public func equals(_ value: Double) throws -> Tensor {
    try Arithmetic.equalScalar.tensor(.tensor(self), .number(value))
  }
  public func isLess(than other: Tensor) throws -> Tensor { try Arithmetic.less.tensor(.tensor(self), .tensor(other)) }
  public func isLess(than value: Double) throws -> Tensor {
    try Arithmetic.lessScalar.tensor(.tensor(self), .number(value))
  }
  public func isAtMost(_ other: Tensor) throws -> Tensor {
    try Arithmetic.lessOrEqual.tensor(.tensor(self), .tensor(other))
  }
  public func isGreater(than value: Double) throws -> Tensor {
    try Arithmetic.greaterScalar.tensor(.tensor(self), .number(value))
  }
}
