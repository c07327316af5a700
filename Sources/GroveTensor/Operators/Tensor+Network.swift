private enum Network {
  static let matmul = Operator("aten::matmul")
  static let embedding = Operator("aten::embedding")
  static let layerNorm = Operator("aten::layer_norm")
  static let rmsNorm = Operator("aten::rms_norm")
  static let gelu = Operator("aten::gelu")
  static let silu = Operator("aten::silu")
  static let relu = Operator("aten::relu")
  static let sigmoid = Operator("aten::sigmoid")
  static let tanh = Operator("aten::tanh")
  static let addProduct = Operator("aten::baddbmm")
  static let crossEntropy = Operator("aten::cross_entropy_loss")
}

/// The matrix product, batched over leading axes.
public func matmul(_ a: Tensor, _ b: Tensor) throws -> Tensor { try Network.matmul.tensor(.tensor(a), .tensor(b)) }

/// `x · scale + a × b · factor` for a batch of matrices: `[N, m, n]`, `[N, m, k]` and `[N, k, n]`.
public func addingProduct(_ x: Tensor, scaledBy scale: Double, _ a: Tensor, _ b: Tensor, times factor: Double) throws
  -> Tensor
{
  try Network.addProduct.tensor(.tensor(x), .tensor(a), .tensor(b), .number(scale), .number(factor))
}

/// Rows of `weight` `[V, C]` by index: `[…]` to `[…, C]`.
public func embedding(_ indices: Tensor, weight: Tensor) throws -> Tensor {
  try Network.embedding.tensor(.tensor(weight), .tensor(indices))
}

/// Ba, Kiros, Hinton 2016 (arXiv:1607.06450), over the last axis.
public func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor?, epsilon: Double) throws -> Tensor {
  try Network.layerNorm.tensor(
    .tensor(x), .integers([x.size(-1)]), .tensor(weight), .optional(bias), .number(epsilon))
}

/// Zhang and Sennrich 2019 (arXiv:1910.07467), over the last axis.
public func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Double) throws -> Tensor {
  try Network.rmsNorm.tensor(.tensor(x), .integers([x.size(-1)]), .tensor(weight), .number(epsilon))
}

extension Tensor {
  /// How the Gaussian error linear unit is computed: the erf of the paper, or GPT-2's tanh approximation.
  public enum GELUForm: Sendable {
    case exact
    case tanh
  }
  /// Hendrycks and Gimpel 2016 (arXiv:1606.08415).
  public func gelu(_ form: GELUForm) throws -> Tensor {
    if form == .tanh, Kernel.takes(self) { return try Kernel.tensor("gelu(\(self))") { $0.gelu(handle, &$1) } }
    return try Network.gelu.tensor(.tensor(self), .string(form == .tanh ? "tanh" : "none"))
  }
  /// x · σ(x) (Elfwing et al. 2017, arXiv:1702.03118).
  public func silu() throws -> Tensor { try Network.silu.tensor(.tensor(self)) }
  /// max(x, 0).
  public func relu() throws -> Tensor { try Network.relu.tensor(.tensor(self)) }
  /// σ(x) = 1 / (1 + e⁻ˣ).
  public func sigmoid() throws -> Tensor { try Network.sigmoid.tensor(.tensor(self)) }
  public func hyperbolicTangent() throws -> Tensor { try Network.tanh.tensor(.tensor(self)) }
}

/// How the losses of single tokens become the loss of a batch.
public enum LossReduction: Int, Sendable {
  /// A loss for each token.
  case none = 0
  case meanOverTokens = 1
  case sum = 2
}

/// −log softmax(logits)[target]: logits `[N, V]`, targets `[N]`; targets equal to `ignored` count nothing.
public func crossEntropy(
  _ logits: Tensor, _ targets: Tensor, reduction: LossReduction, ignoring ignored: Int
) throws -> Tensor {
  try Network.crossEntropy.tensor(
    .tensor(logits), .tensor(targets), .none, .integer(reduction.rawValue), .integer(ignored))
}
