import GroveCore
import GroveMerge
import GroveTensor
import GroveTesting
import Testing

@Suite("Laws of the methods of merging")
struct MethodLawTests {
  static func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
    try .normal(shape, deviation: 1, random: RandomKey(seed: seed))
  }

  static func values(_ tensor: Tensor) throws -> [Float] { try tensor.values(as: Float.self) }

  private static func tasks(
    _ weights: [Double], _ sparsity: Sparsity, _ consensus: TaskArithmeticMerge.Consensus = .none,
    rescaling: Rescaling = .none, normalizes: Bool = false
  ) -> TaskArithmeticMerge {
    TaskArithmeticMerge(
      parts: weights.map { .init(weight: $0, sparsity: sparsity) }, consensus: consensus, rescaling: rescaling,
      normalizes: normalizes)
  }

  @Test("An average of equal models is the model, and a weight of 1 for one model is that model")
  func averages() throws {
    let (a, b) = (try Self.random([3, 5], 1), try Self.random([3, 5], 2))
    let equal = try LinearMerge(weights: [0.25, 0.75], normalizes: true).merge(.init([a, a], base: nil))
    #expect(try equal.isClose(to: a, within: .float32))
    let chosen = try LinearMerge(weights: [0, 1], normalizes: true).merge(.init([a, b], base: nil))
    #expect(try Self.values(chosen) == Self.values(b))
  }

  @Test("Weights are shares: doubling all of them changes nothing where they are normalized")
  func shares() throws {
    let inputs = MergeInputs([try Self.random([4, 4], 1), try Self.random([4, 4], 2)], base: nil)
    let once = try LinearMerge(weights: [1, 3], normalizes: true).merge(inputs)
    let twice = try LinearMerge(weights: [2, 6], normalizes: true).merge(inputs)
    #expect(try Self.values(once) == Self.values(twice))
  }

  @Test("One task vector with weight 1 gives the model that it came from", arguments: [false, true])
  func oneTask(elects: Bool) throws {
    let (base, tuned) = (try Self.random([6, 7], 1), try Self.random([6, 7], 2))
    let merge = Self.tasks([1], .largest(density: 1), elects ? .electedSign : .none)
    #expect(try merge.merge(.init([base, tuned], base: 0)).isClose(to: tuned, within: .float32))
  }

  @Test("Task vectors that point the same way are untouched by the election of signs")
  func agreement() throws {
    let base = try Self.random([5, 5], 1)
    let delta = try Self.random([5, 5], 2)
    let inputs = MergeInputs([base, try base + delta, try base + delta * 2], base: 0)
    let plain = try Self.tasks([0.5, 0.25], .none).merge(inputs)
    let elected = try Self.tasks([0.5, 0.25], .none, .electedSign).merge(inputs)
    #expect(try elected.isClose(to: plain, within: .float32))
  }

  @Test("Signs by hand: the larger side wins, its mean is over those that agree")
  func electionByHand() throws {
    let base = try Tensor([Float](repeating: 1, count: 4), [4])
    let inputs = MergeInputs(
      [
        base, try Tensor([Float(3), -1, 1.5, 1], [4]), try Tensor([Float(0), -4, 2.5, 1], [4]),
        try Tensor([Float(2), 2, 1, 1], [4]),
      ], base: 0)
    // Task vectors: (2, −1, 1), (−2, −5, 1), (.5, 1.5, 0), (0, 0, 0) by element.
    let merge = Self.tasks([1, 1, 1], .none, .electedSign, normalizes: true)
    #expect(try Self.values(merge.merge(inputs)) == [1 + 1.5, 1 - 3.5, 1 + 1, 1])
  }

  @Test("Trimming by hand keeps the largest; of equal ones the first")
  func trimmingByHand() throws {
    let delta = try Tensor([Float(1), -3, 2, -2, 0.5, 2], [2, 3])
    func kept(_ sparsity: Sparsity) throws -> [Bool] {
      try #require(try sparsity.mask(of: delta, draws: RandomKey(seed: 1))).values(as: Bool.self)
    }
    #expect(try kept(.largest(density: 0.5)) == [false, true, true, true, false, false])
    #expect(try kept(.largest(density: 0.01)) == [false, true, false, false, false, false])
    #expect(try kept(.largest(density: 0)) == [false, false, false, false, false, false])
    // A sixth, which is one, of the largest goes first; then the three largest of the rest stay.
    #expect(try kept(.middle(density: 0.5, gamma: 0.17)) == [false, false, true, true, false, true])
    #expect(try Sparsity.largest(density: 1).mask(of: delta, draws: RandomKey(seed: 1)) == nil)
  }

  @Test("Selection without sorting agrees with sorting, with many ties", arguments: [1, 7, 100, 613, 999])
  func selection(kept: Int) throws {
    let values = (0..<1000).map { Float(Int(RandomKey(seed: 3).bits($0) % 41) - 20) / 8 }
    let order = values.indices.sorted { (-abs(values[$0]), $0) < (-abs(values[$1]), $1) }
    let delta = try Tensor(values, [10, 100])
    let mask = try #require(
      try Sparsity.largest(density: (Double(kept) + 0.5) / 1000).mask(of: delta, draws: RandomKey(seed: 1)))
    let found = try mask.values(as: Bool.self)
    #expect(Set(found.indices.filter { found[$0] }) == Set(order.prefix(kept)))
  }

  @Test("A random mask depends on seed, model and tensor, and on nothing else")
  func draws() throws {
    let tensors = try (0..<3).map { try Self.random([40, 30], UInt64($0)) }
    let merge = Self.tasks([0.5, 0.5], .random(density: 0.3), rescaling: .magnitudes)
    func merged(_ order: [Int], seed: UInt64 = 5, name: String = "weight") throws -> [Float] {
      let names = ["base", "a", "b"]
      let inputs = MergeInputs(
        order.map { tensors[$0] }, base: order.firstIndex(of: 0), name: name, names: order.map { names[$0] }, seed: seed
      )
      return try Self.values(merge.merge(inputs))
    }
    #expect(try merged([0, 1, 2]) == merged([2, 0, 1]))
    #expect(try merged([0, 1, 2]) != merged([0, 1, 2], seed: 6))
    #expect(try merged([0, 1, 2]) != merged([0, 1, 2], name: "other"))
  }

  @Test("Dropping at random keeps the share that was asked for, and the paper's rescaling the mean")
  func expectation() throws {
    let (base, tuned) = (try Tensor.zeros([200, 100], .float32), try Tensor.full([200, 100], 1, .float32))
    let merge = Self.tasks([1], .random(density: 0.2), rescaling: .density)
    let merged = try Self.values(merge.merge(.init([base, tuned], base: 0)))
    let kept = merged.count { $0 != 0 }
    // Five deviations of a binomial count: 5 · √(20000 · 0.2 · 0.8).
    #expect(abs(kept - 4000) < 283)
    #expect(merged.allSatisfy { $0 == 0 || abs($0 - 5) < 1e-5 })
  }

  @Test("Rescaling by magnitudes keeps their sum")
  func magnitudes() throws {
    let (base, tuned) = (try Tensor.zeros([50, 20], .float32), try Self.random([50, 20], 4))
    let merge = Self.tasks([1], .random(density: 0.3), rescaling: .magnitudes)
    func sum(_ tensor: Tensor) throws -> Double { try Self.values(tensor).reduce(0) { $0 + Double(abs($1)) } }
    let (before, after) = (try sum(tuned), try sum(merge.merge(.init([base, tuned], base: 0))))
    #expect(abs(before - after) < 1e-3)
  }

  @Test("By rank, the largest of a row stay more often than the smallest")
  func ranked() throws {
    let row = (1...10).map { Float($0) }
    let delta = try Tensor((0..<4000).flatMap { _ in row }, [4000, 10])
    let mask = try #require(
      try Sparsity.ranked(density: 0.5, epsilon: 0.3).mask(of: delta, draws: RandomKey(seed: 2)))
    let kept = try mask.cast(to: .float32).mean(0, axis: .removed).values(as: Double.self)
    for (rank, share) in kept.enumerated() {
      // Five deviations of a mean of 4000 draws.
      #expect(abs(share - (0.2 + 0.6 * Double(rank) / 9)) < 0.04, "rank \(rank)")
    }
  }

  @Test("Spherical interpolation begins and ends at its models, and goes along a circle")
  func slerp() throws {
    let (a, b) = (try Tensor([Float(2), 0], [2]), try Tensor([Float(0), 2], [2]))
    func at(_ t: Double) throws -> [Float] {
      try Self.values(SphericalMerge(position: t).merge(.init([a, b], base: 0)))
    }
    #expect(try at(0) == [2, 0])
    #expect(try at(1) == [0, 2])
    for value in try at(0.5) { #expect(abs(value - Float(2).squareRoot()) < 1e-6) }
    let opposite = try SphericalMerge(position: 0.25).merge(.init([a, -a], base: 0))
    #expect(try Self.values(opposite) == [1, 0])
  }

  @Test("The spherical mean of equal models is the model; lengths are averaged")
  func multislerp() throws {
    let a = try Self.random([3, 4], 1)
    let merge = MultiSphericalMerge(weights: [1, 1], normalizes: true)
    #expect(try merge.merge(.init([a, a * 3], base: nil)).isClose(to: a * 2, within: .float32))
    #expect(throws: GroveError.self) {
      try MultiSphericalMerge(weights: [1, 1, 2], normalizes: true).merge(.init([a, a, -a], base: nil))
    }
  }

  @Test("Model stock keeps the base where task vectors cancel, and takes their mean where they agree")
  func modelStock() throws {
    let (base, delta) = (try Self.random([4, 6], 1), try Self.random([4, 6], 2))
    let merge = ModelStockMerge(isFilterWise: false)
    let agreeing = try merge.merge(.init([base, base + delta, base + delta], base: 0))
    #expect(try agreeing.isClose(to: base + delta, within: .float32))
    let opposed = try merge.merge(.init([base, base + delta, base - delta], base: 0))
    #expect(try opposed.isClose(to: base, within: .float32))
  }
}
