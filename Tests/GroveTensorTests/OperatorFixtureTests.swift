import GroveTensor
import GroveTesting
import Testing

@Suite("Operators give what PyTorch gives")
struct OperatorFixtureTests {
  @Test("Values and gradients agree with the stored ones", arguments: try OperatorCase.all())
  func agrees(_ stored: OperatorCase) throws {
    let inputs = try stored.tensors(stored.inputs).map { try #require($0) }
    for (input, gradient) in zip(inputs, stored.gradients) where gradient != nil {
      try input.setRequiresGradient(true)
    }
    let results = try stored.results(inputs)
    let outputs = try stored.tensors(stored.outputs).map { try #require($0) }
    try #require(results.count == outputs.count)
    for (index, (result, output)) in zip(results, outputs).enumerated() {
      #expect(result.dtype == output.dtype && result.shape == output.shape, "result \(index)")
      if output.dtype.isFloatingPoint {
        #expect(try result.detached().isClose(to: output, within: .float32), "result \(index)")
      } else {
        #expect(try result.values(as: Int64.self) == output.values(as: Int64.self), "result \(index)")
      }
    }
    try checkGradients(stored, inputs, results)
  }

  /// Gradients of the sum over the results of result · cotangent.
  private func checkGradients(_ stored: OperatorCase, _ inputs: [Tensor], _ results: [Tensor]) throws {
    let terms = try zip(results, stored.tensors(stored.cotangents)).compactMap { result, cotangent in
      try cotangent.map { try (result * $0).sum() }
    }
    guard let first = terms.first else { return }
    try terms.dropFirst().reduce(first) { try $0 + $1 }.backward()
    for (index, (input, expected)) in zip(inputs, try stored.tensors(stored.gradients)).enumerated() {
      let gradient = try input.gradient()
      guard let expected else {
        #expect(gradient == nil, "gradient \(index)")
        continue
      }
      #expect(try #require(gradient).isClose(to: expected, within: .float32), "gradient \(index)")
    }
  }

  @Test("The cases cover every operator that the script knows")
  func coverage() throws {
    let cases = try OperatorCase.all()
    #expect(cases.count == 130)
    #expect(Set(cases.map(\.operation)).count == 67)
    #expect(cases.allSatisfy { $0.inputs.count == $0.gradients.count && $0.outputs.count == $0.cotangents.count })
  }
}
