import GroveTensor

/// Operators of libtorch that only merging uses.
enum MergeOperators {
  static let addProduct = Operator("aten::addcmul_")
  static let divideInto = Operator("aten::div_", "Tensor")
  static let multiplyInto = Operator("aten::mul_", "Tensor")
  static let clamp = Operator("aten::clamp")
  static let copyRows = Operator("aten::index_copy_")
  static let addRows = Operator("aten::index_add_")
}
