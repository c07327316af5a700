import GroveCore
import GroveMerge
import GroveTensor
import Testing

/// The counts are the process's, so the test has a process of its own.
@Suite("Memory of merging")
struct MergeMemoryTests {
  /// The most bytes of tensors at once while models are merged of which each tensor is made when it is asked for.
  static func peak(_ merge: (_ others: Int) -> TensorMerge, models count: Int, base: Int?) throws -> Int {
    let inputs = MergeInputs(
      name: "weight", models: (0..<count).map { "\($0)" }, base: base, random: RandomKey(seed: 1)
    ) { try Tensor.normal([64, 1024], deviation: 1, random: RandomKey(seed: UInt64($0))) }
    let before = try Torch.memory().liveBytes
    try Torch.resetPeak()
    _ = try merge(count - (base == nil ? 0 : 1))(inputs)
    return try Torch.memory().peakBytes - before
  }

  static func tasks(
    _ sparsity: Sparsity, _ consensus: TaskArithmeticMerge.Consensus
  ) -> (_ others: Int) -> TensorMerge {
    { others in
      .taskArithmetic(
        TaskArithmeticMerge(
          parts: .init(repeating: .init(weight: 0.5, sparsity: sparsity), count: others), consensus: consensus,
          rescaling: .magnitudes, normalizes: true))
    }
  }

  @Test("The tensors of nine models take no more memory than those of three")
  func bounded() async {
    await #expect(processExitsWith: .success) {
      let weights = { (count: Int) in [Double](repeating: 0.5, count: count) }
      let methods: [(base: Int?, merge: (Int) -> TensorMerge)] = [
        (nil, { .linear(LinearMerge(weights: weights($0), normalizes: true)) }),
        (0, MergeMemoryTests.tasks(.largest(density: 0.5), .electedSign)),
        (0, MergeMemoryTests.tasks(.random(density: 0.5), .none)),
        (0, MergeMemoryTests.tasks(.ranked(density: 0.5, epsilon: 0.1), .none)),
        (0, { .multiSpherical(MultiSphericalMerge(weights: weights($0), normalizes: true)) }),
        (0, { _ in .modelStock(ModelStockMerge(isFilterWise: false)) }),
      ]
      for method in methods {
        let three = try MergeMemoryTests.peak(method.merge, models: 3, base: method.base)
        #expect(try MergeMemoryTests.peak(method.merge, models: 9, base: method.base) == three)
        #expect(three <= 14 * 64 * 1024 * 4)
      }
    }
  }
}
