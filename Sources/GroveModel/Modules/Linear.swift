public import GroveTensor

/// Rows of a fused matrix, and the standard deviation that they start with.
struct LinearPart {
  let rows: Range<Int>
  let deviation: Double
}

/// `x · weightᵀ + bias`, with a weight of `[out, in]`.
public struct Linear {
  /// What the weight is made of.
  enum Form {
    case dense(Parameter)
    /// The ones and zeros that a weight is multiplied by.
    case masked(Parameter, SparsityMask)
    /// A matrix in factors for each part, one below the other.
    case factored([FactoredMatrix])
  }

  let form: Form
  /// `[out]`, float32 in every precision; nil for a layer without.
  public let bias: Parameter?

  /// Weights from N(0, deviation²), biases 0.
  public init(from inputs: Int, to outputs: Int, bias: Bool, deviation: Double, weights: InitialWeights) throws {
    form = .dense(try weights.matrix([outputs, inputs], deviation: deviation))
    self.bias = bias ? Parameter(try .zeros([outputs], .float32), role: .vector) : nil
  }

  /// Matrices of a block that are multiplied together, in the form that the config has for them.
  init(_ config: ModelConfig, _ matrices: [ModelConfig.Matrix], bias: Bool, weights: InitialWeights) throws {
    let own = config.matrices().filter { matrices.contains($0.kind) }
    var parts: [LinearPart] = []
    for (kind, outputs, inputs) in own {
      let start = parts.last?.rows.upperBound ?? 0
      parts.append(
        LinearPart(rows: start..<start + outputs, deviation: config.deviation(of: kind, outputs, inputs)))
    }
    let (inputs, outputs) = (own[0].inputs, parts[parts.count - 1].rows.upperBound)
    if config.linear.form != .dense {
      form = .factored(
        try zip(own, parts).enumerated().map { index, part in
          try FactoredMatrix(
            config.linear, part.0.outputs, inputs, deviation: part.1.deviation, weights: weights.split(index))
        })
    } else if config.linear.sparsity > 0 {
      let parameter = try weights.matrix(parts, inputs: inputs)
      form = .masked(parameter, try SparsityMask(parameter, config.linear, place: weights.place))
    } else {
      form = .dense(try weights.matrix(parts, inputs: inputs))
    }
    self.bias = bias ? Parameter(try .zeros([outputs], .float32), role: .vector) : nil
  }

  /// Maps `[…, in]` to `[…, out]` in the working precision.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch form {
    case .dense(let weight): return try weight.product(x, bias: bias?.working)
    case .masked(let weight, let mask):
      let ones = try mask.ones(of: weight)
      return try linear(x.cast(to: dtype), weight: (weight.working * ones).cast(to: dtype), bias: bias?.working)
    case .factored(let matrices):
      // The dense matrix is made again in the backward pass, so that only the factors are kept.
      return try recomputed([x.cast(to: dtype)], reading: matrices.flatMap(\.factors) + (bias.map { [$0] } ?? [])) {
        let weight = try Tensor.concatenated(matrices.map { try $0.dense() }, axis: 0)
        return try linear($0[0], weight: weight.cast(to: dtype), bias: bias?.working)
      }
    }
  }

  /// The working precision.
  var dtype: DType {
    switch form {
    case .dense(let weight), .masked(let weight, _): weight.dtype
    case .factored(let matrices): matrices[0].up.dtype
    }
  }

  /// Rows of the weight.
  var outputs: Int {
    switch form {
    case .dense(let weight), .masked(let weight, _): weight.shape[0]
    case .factored(let matrices): matrices.reduce(0) { $0 + $1.up.shape[0] }
    }
  }

  /// All numbers of the weight.
  var parameters: [Parameter] {
    switch form {
    case .dense(let weight), .masked(let weight, _): [weight]
    case .factored(let matrices): matrices.flatMap(\.factors)
    }
  }
}

extension Linear {
  /// Shows the weight and the bias as a checkpoint stores them: each name has the rows of a part, in its order. The factors
  /// of a matrix have names of their own, and the order of memory.
  func visit(
    _ visitor: inout some ParameterVisitor, _ stored: [(name: String, rows: [Range<Int>])], transposed: Bool = false
  ) throws {
    switch form {
    case .dense(let weight), .masked(let weight, _):
      for (name, rows) in stored {
        try visitor.tensor("\(name).weight", weight, rows: rows, transposed: transposed)
        if let bias { try visitor.tensor("\(name).bias", bias, rows: rows) }
      }
    case .factored(let matrices):
      for ((name, rows), matrix) in zip(stored, matrices) {
        try matrix.visit(&visitor, name)
        if let bias { try visitor.tensor("\(name).bias", bias, rows: rows) }
      }
    }
  }
}
