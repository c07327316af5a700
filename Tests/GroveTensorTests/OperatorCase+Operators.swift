import GroveTensor
import Testing

/// What each operator of the manifest is in Grove: the typed wrapper where there is one, else the generic door.
/// A group gives nil for operators of other groups.
extension OperatorCase {
  func arithmetic(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "add": [try x[0] + x[1]]
    case "subtract": [try x[0] - x[1]]
    case "multiply": [try x[0] * x[1]]
    case "divide": [try x[0] / x[1]]
    case "maximum", "minimum": [try Operator("aten::\(operation)").tensor(.tensor(x[0]), .tensor(x[1]))]
    case "equal": [try x[0].equals(x[1])]
    case "less": [try x[0].isLess(than: x[1])]
    case "negate": [try -x[0]]
    case "pow": [try x[0].power(number("exponent"))]
    case "square": [try x[0].power(2)]
    case "clamp":
      [
        try Operator("aten::clamp").tensor(
          .tensor(x[0]), .number(number("minimum")), .number(number("maximum")))
      ]
    default: nil
    }
  }

  func functions(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "abs": [try x[0].absolute()]
    case "sqrt": [try x[0].squareRoot()]
    case "rsqrt": [try x[0].reciprocalSquareRoot()]
    case "exp": [try x[0].exponential()]
    case "log": [try x[0].logarithm()]
    case "tanh": [try x[0].hyperbolicTangent()]
    case "sigmoid": [try x[0].sigmoid()]
    case "silu": [try x[0].silu()]
    case "gelu": [try x[0].gelu(text("approximate") == "tanh" ? .tanh : .exact)]
    case "sin", "cos", "relu", "softplus": [try Operator("aten::\(operation)").tensor(.tensor(x[0]))]
    default: nil
    }
  }

  func network(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "matmul": return [try matmul(x[0], x[1])]
    case "linear": return [try linear(x[0], weight: x[1], bias: x.count > 2 ? x[2] : nil)]
    case "embedding": return [try embedding(x[1], weight: x[0])]
    case "layer_norm": return [try layerNorm(x[0], weight: x[1], bias: x[2], epsilon: number("epsilon"))]
    case "rms_norm": return [try rmsNorm(x[0], weight: x[1], epsilon: number("epsilon"))]
    case "softmax": return [try x[0].softmax(integer("dim"))]
    case "log_softmax": return [try x[0].logSoftmax(integer("dim"))]
    case "cross_entropy":
      let reductions: [String: LossReduction] = ["none": .none, "mean": .meanOverTokens, "sum": .sum]
      let reduction = try #require(reductions[text("reduction")])
      return [try crossEntropy(x[0], x[1], reduction: reduction, ignoring: integer("ignore_index"))]
    case "scaled_dot_product_attention":
      let mask: AttentionMask = x.count > 3 ? .allowed(x[3]) : flag("causal") ? .causal : .none
      return [try scaledDotProductAttention(x[0], x[1], x[2], mask: mask, dropout: 0)]
    default: return nil
    }
  }

  func shape(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "cat": [try .concatenated(x, axis: integer("dim"))]
    case "stack": [try .stacked(x, axis: integer("dim"))]
    case "split": try x[0].split(integers("sizes"), axis: integer("dim"))
    case "transpose_reshape":
      [try x[0].transposed(integer("dim0"), integer("dim1")).reshaped(to: integers("shape"))]
    case "permute": [try Operator("aten::permute").tensor(.tensor(x[0]), .integers(integers("dims")))]
    case "expand": [try x[0].expanded(to: integers("shape"))]
    case "unsqueeze": [try x[0].withNewAxis(at: integer("dim"))]
    case "squeeze": [try x[0].withoutAxis(integer("dim"))]
    case "flip": [try Operator("aten::flip").tensor(.tensor(x[0]), .integers(integers("dims")))]
    case "roll":
      [
        try Operator("aten::roll").tensor(
          .tensor(x[0]), .integers([integer("shift")]), .integers([integer("dim")]))
      ]
    case "cast":
      [try x[0].cast(to: #require(DType.allCases.first { try "\($0)" == text("dtype") }))]
    default: nil
    }
  }

  func selection(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "narrow": [try x[0].narrowed(integer("dim"), from: integer("start"), count: integer("length"))]
    case "select": [try x[0].selected(integer("dim"), integer("index"))]
    case "tril": [try x[0].lowerTriangle(diagonal: integer("diagonal"))]
    case "triu": [try Operator("aten::triu").tensor(.tensor(x[0]), .integer(integer("diagonal")))]
    case "gather": [try x[0].gathered(integer("dim"), x[1])]
    case "scatter_add":
      [
        try Operator("aten::scatter_add").tensor(
          .tensor(x[0]), .integer(integer("dim")), .tensor(x[1]), .tensor(x[2]))
      ]
    case "index_select": [try x[0].indexed(integer("dim"), x[1])]
    case "where": [try .choosing(x[0], x[1], x[2])]
    case "masked_fill": [try x[0].filled(number("value"), where: x[1])]
    default: nil
    }
  }

  func reduction(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "sum":
      let axes = try integers("dims")
      return [
        try axes.count == 1 ? x[0].sum(axes[0], axis: reducedAxis) : x[0].sum(axes[0], axes[1], axis: reducedAxis)
      ]
    case "mean":
      let axes = try integers("dims")
      return [
        try axes.count == 1 ? x[0].mean(axes[0], axis: reducedAxis) : x[0].mean(axes[0], axes[1], axis: reducedAxis)
      ]
    case "variance":
      return [
        try Operator("aten::var", "correction").tensor(
          .tensor(x[0]), .integers(integers("dims")), .integer(integer("correction")), .boolean(flag("keep")))
      ]
    case "sum_all": return [try x[0].sum()]
    case "mean_all": return [try x[0].mean()]
    case "cumsum": return [try x[0].cumulativeSum(integer("dim"))]
    case "logsumexp": return [try x[0].logSumExp(integer("dim"), axis: reducedAxis)]
    case "amax": return [try x[0].maximum(integer("dim"), axis: reducedAxis)]
    case "argmax": return [try x[0].argumentOfMaximum(integer("dim"))]
    case "topk":
      let (values, indices) = try x[0].largest(integer("count"))  // along the last axis, as in all cases
      return [values, indices]
    case "sort":
      let (values, indices) = try x[0].transposed(integer("dim"), -1).sorted(descending: flag("descending"))
      return [try values.transposed(integer("dim"), -1), try indices.transposed(integer("dim"), -1)]
    default: return nil
    }
  }

  func optimisation(_ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "adamw": return try fusedAdamW(x)
    case "clip_gradients":
      let norm = try sumOfSquares(x).squareRoot()
      let factor = min(1, try number("maximum_norm") / (norm + 1e-6))
      return [try .full([], norm, .float32)] + (try x.map { try $0 * factor })
    default: return nil
    }
  }

  /// The parameter after each step; the gradients follow the parameter in `x`.
  private func fusedAdamW(_ x: [Tensor]) throws -> [Tensor] {
    let parameter = try x[0].copied()
    let mean = try Tensor.zeros(parameter.shape, .float32)
    let square = try Tensor.zeros(parameter.shape, .float32)
    return try (1...integer("steps")).map { number in
      let entry = AdamWUpdate.Entry(
        value: parameter, working: parameter, gradient: x[number], mean: mean, square: square,
        weightDecay: try self.number("weight_decay"))
      try AdamWUpdate([entry]).apply(
        learningRate: self.number("learning_rate"), beta1: self.number("beta1"), beta2: self.number("beta2"),
        epsilon: self.number("epsilon"), step: number, gradientScale: 1)
      return try parameter.copied()
    }
  }
}
