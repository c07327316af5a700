import GroveCore
import GroveTensor

/// A matrix as scale / r · B A, perhaps plus a sparse one (Han et al. 2024, arXiv:2406.02214, §3).
struct FactoredMatrix {
  /// B, `[out, r]`.
  let up: Parameter
  /// A, `[r, in]`.
  let down: Parameter
  /// The numbers of the sparse part, `[N]`, float32 in every precision.
  let values: Parameter?
  /// Where they stand in the matrix, row by row: `[N]`, int64.
  private let places: Tensor?
  private let scale: Double

  /// With a sparse part, B starts at 0, A as a layer of its own would, and the sparse numbers are uniform in ±1/√in, as in the
  /// authors' code. Without, the entries of the product start with the deviation that the whole matrix would have.
  init(_ config: LinearConfig, _ outputs: Int, _ inputs: Int, deviation: Double, weights: InitialWeights) throws {
    let rank = config.rank
    scale = config.scale / Double(rank)
    guard config.form == .sparseLowRank else {
      let factor = (deviation / (scale * Double(rank).squareRoot())).squareRoot()
      up = try weights.split("up").matrix([outputs, rank], deviation: factor)
      down = try weights.split("down").matrix([rank, inputs], deviation: factor)
      (values, places) = (nil, nil)
      return
    }
    let bound = 1 / Double(inputs).squareRoot()
    up = try weights.split("up").matrix([outputs, rank], deviation: 0)
    down = try weights.split("down").uniform([rank, inputs], bound: bound, role: .matrix)
    let count = config.support(outputs, inputs)
    values = try weights.split("values").uniform([count], bound: bound, role: .vector)
    let key = weights.place.split("support").split(config.supportSeed)
    places = try Tensor(FactoredMatrix.support(count, of: outputs * inputs, key).map(Int64.init), [count])
  }

  var factors: [Parameter] { [up, down] + (values.map { [$0] } ?? []) }

  /// The matrix, `[out, in]`, in the working precision.
  func dense() throws -> Tensor {
    let product = try matmul(up.working, down.working) * scale
    guard let values, let places else { return product }
    let flat = try product.reshaped(-1)
    let spread = try FactoredMatrix.indexAdd.tensor(
      .tensor(flat), .integer(0), .tensor(places.moved(to: flat.device)), .tensor(values.working.cast(to: flat.dtype)))
    return try spread.reshaped(to: product.shape)
  }

  func visit(_ visitor: inout some ParameterVisitor, _ name: String) throws {
    try visitor.tensor("\(name).low_rank_up", up)
    try visitor.tensor("\(name).low_rank_down", down)
    if let values { try visitor.tensor("\(name).sparse_values", values) }
  }

  /// `count` different numbers below `total`, in their order: all sets are as likely (Floyd; Bentley 1987).
  static func support(_ count: Int, of total: Int, _ key: RandomKey) -> [Int] {
    var chosen: Set<Int> = []
    var generator = key.generator()
    for last in total - count..<total {
      let drawn = Int.random(in: 0...last, using: &generator)
      chosen.insert(chosen.contains(drawn) ? last : drawn)
    }
    return chosen.sorted()
  }

  private static let indexAdd = Operator("aten::index_add")
}

/// The places of a matrix that are held at 0 (Thangarasa et al. 2023, arXiv:2303.10464, §2): drawn once, without regard to the
/// weights.
final class SparsityMask {
  private var bits: Tensor

  /// Draws the places that stay, and sets the others of a new parameter to 0.
  init(_ parameter: Parameter, _ config: LinearConfig, place: RandomKey) throws {
    let total = parameter.elementCount
    let kept = max(1, Int(((1 - config.sparsity) * Double(total)).rounded()))
    var ones = [Float](repeating: 0, count: total)
    let key = place.split("mask").split(config.supportSeed)
    for index in FactoredMatrix.support(kept, of: total, key) { ones[index] = 1 }
    bits = try Tensor(ones, parameter.shape)
    try parameter.value.copy(from: parameter.value * bits)
  }

  /// 1 where the weight stays, in its precision and where it is; kept so, since ones and zeros lose nothing.
  func ones(of parameter: Parameter) throws -> Tensor {
    if bits.dtype != parameter.working.dtype || bits.device != parameter.device {
      bits = try bits.cast(to: parameter.working.dtype).moved(to: parameter.device)
    }
    return bits
  }
}
