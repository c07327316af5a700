import GroveTensor
import Testing

/// The counts are the process's, so each test has a process of its own.
@Suite("Memory of tensors")
struct MemoryTests {
  /// Forward and backward through a product, a norm and a loss.
  static func step() throws {
    let weight = try Tensor.full([64, 32], 0.01, .float32)
    try weight.setRequiresGradient(true)
    let x = try Tensor.full([128, 32], 0.5, .float32)
    let targets = try Tensor.full([128], 3, .int64)
    let logits = try linear(x, weight: weight, bias: nil).gelu(.exact)
    try crossEntropy(logits, targets, reduction: .meanOverTokens, ignoring: -100).backward()
    _ = try weight.gradient()?.norm().item()
  }

  @Test("A forward and backward pass leaves no tensor and no memory behind")
  func noLeak() async {
    await #expect(processExitsWith: .success) {
      let before = try Torch.memory()
      try MemoryTests.step()
      let after = try Torch.memory()
      #expect(after.liveTensors == before.liveTensors)
      #expect(after.liveBytes == before.liveBytes)
      #expect(after.peakBytes > before.liveBytes + 128 * 64 * 4)
    }
  }

  @Test("An error leaves no tensor behind")
  func noLeakAfterError() async {
    await #expect(processExitsWith: .success) {
      let x = try Tensor.zeros([2, 3], .float32)
      let before = try Torch.memory().liveTensors
      for _ in 0..<10 { #expect(throws: TorchError.self) { try matmul(x, x) } }
      #expect(try Torch.memory().liveTensors == before)
      withExtendedLifetime(x) {}
    }
  }

  @Test("A step like the one before takes no memory from the system")
  func keptMemory() async {
    await #expect(processExitsWith: .success) {
      try MemoryTests.step()
      let before = try Torch.memory()
      try MemoryTests.step()
      let after = try Torch.memory()
      #expect(after.allocations > before.allocations)
      #expect(after.systemAllocations == before.systemAllocations)
      #expect(after.cachedBytes == before.cachedBytes)
    }
  }

  @Test("The peak is counted anew after a reset")
  func peak() async {
    await #expect(processExitsWith: .success) {
      _ = try Tensor.zeros([1 << 20], .float32)
      #expect(try Torch.memory().peakBytes >= 4 << 20)
      try Torch.resetPeak()
      let rest = try Torch.memory()
      #expect(rest.peakBytes == rest.liveBytes)
      #expect(rest.cachedBytes >= 4 << 20)
    }
  }
}
