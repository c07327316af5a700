import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

/// The counts are the process's, so each test has a process of its own.
@Suite("Parts of papers: what they cost grows as their papers say")
struct PartCostTests {
  /// The power of the text's length by which the most bytes of a pass forward and backward grow, from 256 positions to 1024.
  static func growth(holdsWeights: Bool = false, _ change: (inout ModelConfig, _ length: Int) -> Void) throws -> Double
  {
    let bytes = try [256, 1024].map { length in
      var config = TinyModel.config(.llama)
      (config.family, config.contextLength, config.width, config.layers) = (.grove, length, 16, 1)
      (config.attention.heads, config.attention.keyValueHeads, config.feedForwardWidth) = (1, 1, 16)
      change(&config, length)
      try config.validated()
      let model = try makeModel(config, weights: .random(RandomKey(seed: 1)))
      try model.prepare(.float32, training: true, device: .cpu)
      let ids = (0..<length).map { Int64($0 * 37 % 64) }
      let before = try Torch.memory().liveBytes
      try Torch.resetPeak()
      let hook = holdsWeights ? ActivationHook.observing([.attentionWeights]) { _, _ in } : nil
      try model.loss(
        Tensor(ids, [1, length]), targets: Tensor(ids, [1, length]), zLoss: 0, ForwardPass(.inference, hook: hook)
      ).backward()
      return Double(try Torch.memory().peakBytes - before)
    }
    return log(bytes[1] / bytes[0]) / log(4)
  }

  @Test("Memory grows with nearly the square of the length if all weights of attention are held: the measure sees it")
  func softmax() async {
    await #expect(processExitsWith: .success) {
      let growth = try PartCostTests.growth(holdsWeights: true) { _, _ in }
      #expect(growth > 1.6, "\(growth)")
    }
  }

  @Test("Memory of blocks of one size grows with the length, and of blocks of √n with n·√n at most")
  func patterns() async {
    await #expect(processExitsWith: .success) {
      for pattern in [AttentionConfig.Pattern.blockwise, .strided, .fixed] {
        let growth = try PartCostTests.growth { config, length in
          (config.attention.pattern, config.attention.block) = (pattern, pattern == .blockwise ? 16 : length.squareRoot)
        }
        #expect(growth < (pattern == .blockwise ? 1.05 : 1.5), "\(pattern): \(growth)")
      }
    }
  }

  @Test(
    "Memory of attention without products of queries and keys grows with the length, but for the form with all places")
  func attentionFree() async {
    await #expect(processExitsWith: .success) {
      for form in AttentionFreeConfig.Form.allCases where form != .full {
        let growth = try PartCostTests.growth { config, _ in
          (config.attention.kind, config.attention.free.form, config.positions.kind) = (.attentionFree, form, .none)
          (config.attention.free.window, config.attention.free.rank) = (16, 4)
        }
        #expect(growth < 1.05, "\(form): \(growth)")
      }
    }
  }
}

extension Int {
  fileprivate var squareRoot: Int { Int(Double(self).squareRoot().rounded()) }
}
