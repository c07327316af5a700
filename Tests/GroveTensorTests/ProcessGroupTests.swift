import GroveCore
import GroveTensor
import GroveTesting
import Testing

@Suite("Processes that compute together")
struct ProcessGroupTests {
  @Test("A sum is that of all processes, with the same bits in each", arguments: [2, 3])
  func sum(size: Int) throws {
    let results = try Together.run(size) { try $0.sum([Double($0.rank + 1), 0.1 * Double($0.rank)]) }
    let sums = try results.map { try $0.get() }
    #expect(sums.allSatisfy { $0 == sums[0] })
    #expect(sums[0][0] == Double(size * (size + 1) / 2))
  }

  @Test("A tensor is replaced by that of its root, and a text by the first process's")
  func broadcast() throws {
    let results = try Together.run(3) { group in
      let tensors = try (0..<3).map { try Tensor.full([2], Double(10 * group.rank + $0), .float32) }
      try group.broadcast(tensors.enumerated().map { (tensor: $1, root: $0) })
      let text = try group.fromFirst(group.isFirst ? "größer" : "never asked")
      return (try tensors.map { try $0.values(as: Float.self) }, text, try group.isAny(group.rank == 2))
    }
    for result in try results.map({ try $0.get() }) {
      #expect(result.0 == [[0, 0], [11, 11], [22, 22]])
      #expect(result.1 == "größer")
      #expect(result.2)
    }
  }

  @Test("Alone, every call is the identity and needs no engine")
  func alone() throws {
    let group = ProcessGroup()
    #expect(try group.sum([0.1, .nan])[0] == 0.1)
    #expect(try group.fromFirst("text") == "text")
    #expect(try !group.isAny(false))
    #expect(group.isFirst && group.waitedSeconds == 0)
    try group.leave()
  }

  /// The loss of one process: Σ rank·(w₀ + 2·w₁)², of two weights in buckets of their own or in one.
  static func gradients(_ group: ProcessGroup, passes: Int, bucketBytes: Int) throws -> [[Float]] {
    let weights = try [3.0, 4.0].map { try Tensor.full([5], $0, .float32) }
    for weight in weights { try weight.setRequiresGradient(true) }
    let reduction = try GradientReduction(group, weights, bucketBytes: bucketBytes)
    for pass in 0..<passes {
      reduction.prepare(isFirst: pass == 0, isLast: pass == passes - 1)
      let sum = try weights[0] + weights[1] * 2
      try ((sum * sum) * Double(group.rank + 1)).sum().backward()
      #expect(try weights[0].gradient() == nil)
    }
    return try reduction.finish().map { try #require($0).values(as: Float.self) }
  }

  @Test(
    "Gradients are summed over processes and passes, however they lie in buckets",
    arguments: [(1, 1), (1, 1 << 20), (3, 1), (3, 1 << 20)])
  func gradients(passes: Int, bucketBytes: Int) throws {
    let results = try Together.run(2) { try ProcessGroupTests.gradients($0, passes: passes, bucketBytes: bucketBytes) }
    // d/dw₀ rank·(w₀ + 2w₁)² = 2·rank·11, and twice that for w₁; the ranks' factors add up to 3.
    let expected = [[Float]]([66, 132].map { Array(repeating: $0 * Float(passes), count: 5) })
    for result in results { #expect(try result.get() == expected) }
  }

  @Test("A tensor without a part in the loss has no gradient, and the others' do not wait for it")
  func withoutPart() throws {
    let results = try Together.run(2) { group in
      let weights = try [3.0, 4.0].map { try Tensor.full([1], $0, .float32) }
      for weight in weights { try weight.setRequiresGradient(true) }
      let reduction = try GradientReduction(group, weights, bucketBytes: 1)
      reduction.prepare(isFirst: true, isLast: true)
      try weights[1].sum().backward()
      return try reduction.finish().map { try $0?.values(as: Float.self) }
    }
    for result in results { #expect(try result.get() == [nil, [2]]) }
  }

  private func message(_ result: Result<some Any, any Error>) -> String {
    if case .failure(let error) = result { "\(error)" } else { "no error" }
  }

  @Test("A process that gives up ends the others with its reason")
  func givesUp() throws {
    let results = try Together.run(2) { group in
      if group.rank == 1 { throw GroveError(.argument, "here", "went wrong", remedy: "Mend it.") }
      _ = try group.sum([1])
    }
    #expect(message(results[0]) == "process 1 gave up: here: went wrong. Mend it. Start all processes again.")
    #expect(message(results[1]) == "here: went wrong. Mend it.")
  }

  @Test("Processes that do not come, or come twice, are named")
  func absent() throws {
    let alone = try Together.run(3, ranks: [0], joinTimeout: .milliseconds(300)) { _ in }
    #expect(
      message(alone[0])
        == "of 3 processes, 1, 2 did not come within 0.3 s. Start all processes again.")
    // The first is still waiting for the third number when the second comes twice.
    let twice = try Together.run(3, ranks: [0, 1, 1], joinTimeout: .seconds(3)) { $0.rank }
    let messages = twice.map(message).filter { $0 != "no error" }
    #expect(messages.contains("two processes have the number 1. Start all processes again."))
  }
}
