public import GroveTensor

/// A part of a model: a value that names its parameters as its checkpoint does.
public protocol Module {
  /// Shows every stored tensor, under its name in a Hugging Face checkpoint.
  func visit(_ visitor: inout some ParameterVisitor) throws
}

/// Walks over the stored tensors of a module.
public protocol ParameterVisitor {
  /// One tensor of the checkpoint: a parameter, or some rows of one, possibly stored transposed.
  mutating func visit(_ tensor: StoredTensor) throws
}

/// How a tensor of a checkpoint lies in a parameter.
public struct StoredTensor {
  /// The name in the checkpoint, with those of the parts that it lies in.
  public let name: String
  /// The parameter, of which `rows` are stored under this name.
  public let parameter: Parameter
  /// Rows of the parameter that this tensor holds, in its order: fused projections are stored apart, or head by head.
  public let rows: [Range<Int>]
  /// Stored as `[in, out]`, as GPT-2 does.
  public let isTransposed: Bool

  /// The shape in the checkpoint.
  public var shape: [Int] {
    let shape = [rows.reduce(0) { $0 + $1.count }] + parameter.shape.dropFirst()
    return isTransposed ? shape.reversed() : shape
  }

  /// The tensor in the layout of the checkpoint: a view where that is possible.
  public func stored() throws -> Tensor {
    let part = try rows(of: parameter.value)
    return try isTransposed ? part.transposed(0, 1) : part
  }

  /// The rows that are stored under this name, in the checkpoint's order, of a tensor of the parameter's shape.
  public func rows(of tensor: Tensor) throws -> Tensor {
    let parts = try rows.map { try tensor.narrowed(0, from: $0.lowerBound, count: $0.count) }
    return try parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
  }
}

extension ParameterVisitor {
  /// Visits a parameter under a name.
  public mutating func tensor(_ name: String, _ parameter: Parameter, transposed: Bool = false) throws {
    try tensor(name, parameter, rows: [0..<parameter.shape[0]], transposed: transposed)
  }

  /// Visits some rows of a parameter, in the order of the checkpoint.
  public mutating func tensor(
    _ name: String, _ parameter: Parameter, rows: [Range<Int>], transposed: Bool = false
  ) throws {
    // Neighbours become one, so that what lies in one piece is taken in one.
    let joined = rows.reduce(into: [Range<Int>]()) { joined, next in
      if let last = joined.last, last.upperBound == next.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<next.upperBound
      } else {
        joined.append(next)
      }
    }
    try visit(StoredTensor(name: name, parameter: parameter, rows: joined, isTransposed: transposed))
  }

  /// A layer's weight and its bias, if it has one, stored as they are.
  mutating func linear(_ name: String, _ part: Linear, transposed: Bool = false) throws {
    try part.visit(&self, [(name, [0..<part.outputs])], transposed: transposed)
  }

  /// A norm's gain and its bias, if it has one.
  mutating func norm(_ name: String, _ part: Norm, rows: [Range<Int>]? = nil) throws {
    try tensor("\(name).weight", part.weight, rows: rows ?? [0..<part.weight.shape[0]])
    if let bias = part.bias { try tensor("\(name).bias", bias) }
  }

  /// A part with its own names, seen from its parent: "layers.3." in front.
  public mutating func child(_ prefix: String, _ module: some Module) throws {
    var prefixed = PrefixedVisitor(prefix: prefix + ".", base: self)
    try module.visit(&prefixed)
    self = prefixed.base
  }
}

private struct PrefixedVisitor<Base: ParameterVisitor>: ParameterVisitor {
  let prefix: String
  var base: Base
  mutating func visit(_ tensor: StoredTensor) throws {
    try base.visit(
      StoredTensor(
        name: prefix + tensor.name, parameter: tensor.parameter, rows: tensor.rows, isTransposed: tensor.isTransposed))
  }
}

private struct Collector: ParameterVisitor {
  var tensors: [StoredTensor] = []
  mutating func visit(_ tensor: StoredTensor) { tensors.append(tensor) }
}

extension Module {
  /// All stored tensors, in the order of the visit.
  public func storedTensors() throws -> [StoredTensor] {
    var collector = Collector()
    try visit(&collector)
    return collector.tensors
  }

  /// All parameters, each once, with the first name under which it is stored.
  public func parameters() throws -> [(name: String, parameter: Parameter)] {
    var seen: Set<ObjectIdentifier> = []
    return try storedTensors().compactMap {
      seen.insert(ObjectIdentifier($0.parameter)).inserted ? ($0.name, $0.parameter) : nil
    }
  }

  /// Trained numbers, each once.
  public func parameterCount() throws -> Int { try parameters().reduce(0) { $0 + $1.parameter.elementCount } }

  /// Makes the working copies of all parameters.
  public func prepare(_ precision: Precision, training: Bool, device: Device) throws {
    for (_, parameter) in try parameters() { try parameter.prepare(precision, training: training, device: device) }
  }
}
