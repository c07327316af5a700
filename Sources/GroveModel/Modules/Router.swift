import GroveCore
import GroveTensor

/// Chooses the positions of a text that take a heavy branch, with weights through which the choice is learned (Ainslie et al.
/// 2023, arXiv:2303.09752, §3.1).
struct Router {
  /// u, `[1, C]`; nil for chance.
  let weight: Parameter?
  private let config: RoutingConfig
  /// Of the positions that chance chooses: the router's own, and no matter of the seed.
  private let chance: RandomKey

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    self.config = config.routing
    chance = weights.place.split("routing")
    weight =
      config.routing.kind == .learned
      ? try weights.matrix([1, config.width], deviation: config.initialDeviation, role: .embedding) : nil
  }

  /// Some positions of each text.
  struct Choice {
    /// `[B, M]`, int64, in no order.
    let places: Tensor
    /// Between 0 and 1, `[B, M]`, float32; nil for chance.
    let weights: Tensor?

    /// The chosen rows of `[B, T, C]`: `[B, M, C]`.
    func rows(of x: Tensor) throws -> Tensor { try x.gathered(1, spread(x.size(2))) }

    /// Rows `[B, M, C]` times their weights, in their dtype.
    func weighted(_ rows: Tensor) throws -> Tensor {
      try weights.map { try (rows * $0.withNewAxis(at: 2)).cast(to: rows.dtype) } ?? rows
    }

    /// Adds weighted rows `[B, M, C]` to `[B, T, C]` where they were chosen.
    func adding(_ rows: Tensor, to x: Tensor) throws -> Tensor {
      try Choice.scatterAdd.tensor(.tensor(x), .integer(1), .tensor(spread(x.size(2))), .tensor(weighted(rows)))
    }

    private func spread(_ width: Int) throws -> Tensor {
      try places.withNewAxis(at: 2).expanded(to: [places.size(0), places.size(1), width])
    }

    private static let scatterAdd = Operator("aten::scatter_add")
  }

  /// Chooses a share of the positions of `[B, T, C]`, at least one.
  func choose(_ x: Tensor, share: Double) throws -> Choice {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let count = max(1, Int((share * Double(t)).rounded()))
    guard let weight else {
      let order = Permutation(count: t, key: chance.split(t))
      let places = (0..<count).map { Int64(order[$0]) }
      return Choice(
        places: try Tensor(places, [1, count]).expanded(to: [b, count]).contiguous().moved(to: x.device), weights: nil)
    }
    let scores = try weight.product(x).cast(to: .float32).withoutAxis(2)  // [B, T]
    let all = try softTopK(
      scores, count: Double(count), temperature: config.temperature, iterations: config.iterations)
    let places = try withGradients(.off) { try all.largest(count).indices }
    return Choice(places: places, weights: try all.gathered(1, places))
  }
}
