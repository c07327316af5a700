import GroveTensor
import GroveTesting
import Testing

@Suite("The engine")
struct EngineTests {
  @Test("Shapes that do not fit are an error with the operator and the shapes")
  func badShapes() throws {
    let a = try Tensor.zeros([2, 3], .float32)
    let b = try Tensor.zeros([4, 5], .float32)
    let error = #expect(throws: TorchError.self) { try matmul(a, b) }
    #expect(
      error?.description
        == "aten::matmul(float32 [2, 3], float32 [4, 5]): mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")
  }

  @Test("An operator that does not exist is an error with its name")
  func unknownOperator() throws {
    let missing = Operator("aten::no_such_operator")
    let error = #expect(throws: TorchError.self) { try missing.run() }
    #expect(error?.description == "operator: libtorch has no operator aten::no_such_operator")
  }

  @Test("More memory than the machine has is an error with its own code")
  func outOfMemory() throws {
    let error = #expect(throws: TorchError.self) { try Tensor.empty([1 << 46], .float32) }
    #expect(error?.code == .outOfMemory)
  }

  @Test("A number of threads that no machine has is an error", arguments: [-1, 0, 1025, 3_000_000_000, .max])
  func threads(count: Int) throws {
    let before = try Torch.threads()
    let error = #expect(throws: TorchError.self) { try Torch.setThreads(count) }
    #expect(error?.description == "threads: \(count) is outside 1...1024")
    #expect(try Torch.threads() == before)
  }

  @Test("A rank that is not the announced one is an error with the letters")
  func announcedShape() throws {
    let tokens = try Tensor.zeros([4, 16, 64], .int64)
    let error = #expect(throws: TorchError.self) { let _: (Int, Int) = try tokens.sizes("tokens", as: "B T") }
    #expect(error?.description == "tokens: expected [B, T], got [4, 16, 64]")
  }
}
