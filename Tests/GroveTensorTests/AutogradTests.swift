import GroveTensor
import GroveTesting
import Testing

@Suite("Gradients")
struct AutogradTests {
  private static func leaf(_ values: [Float]) throws -> Tensor {
    let leaf = try Tensor(values, [values.count])
    try leaf.setRequiresGradient(true)
    return leaf
  }

  @Test("Gradients gather over backward passes until they are cleared")
  func gathering() throws {
    let x = try Self.leaf([1, 2, 3])
    #expect(try x.gradient() == nil)
    try (x * x).sum().backward()
    #expect(try x.gradient()?.values() == [Float(2), 4, 6])
    try (x * x).backward(Tensor([Float(1), 0, 10], [3]))
    #expect(try x.gradient()?.values() == [Float(4), 4, 66])
    try x.clearGradient()
    #expect(try x.gradient() == nil)
  }

  @Test("Asking for gradients does not gather them; an input without a part has none")
  func asking() throws {
    let x = try Self.leaf([1, 2])
    let unused = try Self.leaf([1])
    let gradients = try (x * 3).sum().gradients(of: [x, unused])
    #expect(try gradients[0]?.values() == [Float(3), 3])
    #expect(gradients[1] == nil)
    #expect(try x.gradient() == nil)
  }

  @Test("What was there before comes back after a block, and after a throw out of it")
  func modes() throws {
    struct Stop: Error {}
    let x = try Self.leaf([1])
    func records() throws -> Bool { try (x * 2).requiresGradient }
    #expect(try records())
    try withGradients(.off) { () throws in
      #expect(try records() == false)
      #expect(throws: Stop.self) {
        try withGradients(.recording) {
          #expect(try records())
          throw Stop()
        }
      }
      #expect(try records() == false)
    }
    #expect(throws: Stop.self) { try withGradients(.off) { throw Stop() } }
    #expect(try records())
    #expect(try x.detached().requiresGradient == false)
  }

  @Test("A backward pass that cannot be is an error in words")
  func refused() throws {
    let x = try Self.leaf([1, 2])
    let vector = #expect(throws: TorchError.self) { try (x * 2).backward() }
    #expect(vector?.description == "backward(float32 [2]): grad can be implicitly created only for scalar outputs")
    let constant = #expect(throws: TorchError.self) { try Tensor([Float(1)], []).backward() }
    #expect(
      constant?.description
        == "backward(float32 []): element 0 of tensors does not require grad and does not have a grad_fn")
    let ids = try Tensor([Int64(1)], [1])
    let integers = #expect(throws: TorchError.self) { try ids.setRequiresGradient(true) }
    #expect(integers?.code == .refused)
  }

  @Test("Changing a leaf in place while its gradient is wanted is an error")
  func inPlace() throws {
    let x = try Self.leaf([1, 2])
    let error = #expect(throws: TorchError.self) { try x.fill(0) }
    #expect(error?.operation == "aten::fill_.Scalar(float32 [2], 0.0)")
  }
}
