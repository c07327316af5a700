import GroveCore
import GroveTensor
import GroveTesting
import Testing

@Suite("The fused AdamW step")
struct AdamWUpdateTests {
  struct State {
    let value, mean, square: Tensor

    init(_ shape: [Int]) throws {
      value = try .normal(shape, deviation: 1, random: RandomKey(seed: 1))
      mean = try .zeros(shape, .float32)
      square = try .zeros(shape, .float32)
    }
  }

  static func gradient(_ shape: [Int], step: Int, _ dtype: DType) throws -> Tensor {
    try Tensor.normal(shape, deviation: 1, random: RandomKey(seed: 2).split(step)).cast(to: dtype)
  }

  /// The step in plain operators, in the order of the paper.
  static func plainStep(_ state: State, _ gradient: Tensor, step: Int, decay: Double, scale: Double) throws {
    let g = try gradient.cast(to: .float32) * scale
    try state.value.scale(by: 1 - 0.01 * decay)
    try state.mean.scale(by: 0.9)
    try state.mean.add(g, times: 1 - 0.9)
    try state.square.scale(by: 0.95)
    try state.square.add(g * g, times: 1 - 0.95)
    var powers = (1.0, 1.0)
    for _ in 0..<step { powers = (powers.0 * 0.9, powers.1 * 0.95) }
    let root = try state.square.squareRoot() / (1 - powers.1).squareRoot() + 1e-8
    try state.value.add(state.mean / root, times: -0.01 / (1 - powers.0))
  }

  @Test("Three steps equal those in plain operators", arguments: [DType.float32, .bfloat16, .float16])
  func plain(dtype: DType) throws {
    for shape in [[1], [3, 5], [100, 344], [33_000]] {
      let (fused, plain) = (try State(shape), try State(shape))
      let working = try fused.value.cast(to: dtype)
      for step in 1...3 {
        let gradient = try Self.gradient(shape, step: step, dtype)
        let entry = AdamWUpdate.Entry(
          value: fused.value, working: working, gradient: gradient, mean: fused.mean, square: fused.square,
          weightDecay: 0.1)
        try AdamWUpdate([entry]).apply(
          learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, step: step, gradientScale: 0.5)
        try Self.plainStep(plain, gradient, step: step, decay: 0.1, scale: 0.5)
      }
      #expect(try fused.value.isClose(to: plain.value, within: .float32))
      #expect(try fused.mean.isClose(to: plain.mean, within: .float32))
      #expect(try fused.square.isClose(to: plain.square, within: .float32))
      #expect(try working.values() as [Float] == fused.value.cast(to: dtype).values())
    }
  }

  @Test("Several parameters at once are each updated as alone, with their own decay")
  func several() throws {
    let shapes = [[7], [200, 300], [1]]
    let decays = [0.0, 0.1, 0.3]
    let (together, apart) = (try shapes.map { try State($0) }, try shapes.map { try State($0) })
    func entry(_ state: State, _ index: Int) throws -> AdamWUpdate.Entry {
      AdamWUpdate.Entry(
        value: state.value, working: state.value, gradient: try Self.gradient(shapes[index], step: 1, .float32),
        mean: state.mean, square: state.square, weightDecay: decays[index])
    }
    func apply(_ entries: [AdamWUpdate.Entry]) throws {
      try AdamWUpdate(entries).apply(
        learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, step: 1, gradientScale: 1)
    }
    try apply(together.enumerated().map { try entry($1, $0) })
    for (index, state) in apart.enumerated() { try apply([entry(state, index)]) }
    for (a, b) in zip(together, apart) { #expect(try a.value.values() as [Float] == b.value.values()) }
  }

  @Test("The sum of squares is that of all elements, in every dtype and layout", arguments: [DType.float32, .bfloat16])
  func squares(dtype: DType) throws {
    let tensors = [
      try Self.gradient([100, 344], step: 1, dtype), try Self.gradient([33, 7], step: 2, dtype).transposed(0, 1),
      try Self.gradient([1], step: 3, .float64),
    ]
    let expected = try tensors.reduce(0.0) { sum, tensor in
      sum + (try tensor.values(as: Double.self).reduce(0) { $0 + $1 * $1 })
    }
    #expect(abs(try sumOfSquares(tensors) - expected) <= 1e-6 * expected)
  }
}
