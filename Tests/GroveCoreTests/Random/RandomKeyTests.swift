import Foundation
import GroveCore
import Testing

@Suite("RandomKey")
struct RandomKeyTests {
  @Test("The same seed gives the same draws, whatever was drawn before")
  func determinism() {
    let key = RandomKey(seed: 3)
    let late = key.bits(1000)
    _ = key.bits(1)
    #expect(RandomKey(seed: 3).bits(1000) == late)
    var generator = key.generator()
    #expect((0..<5).map { _ in generator.next() } == (0..<5).map { key.bits($0) })
  }

  @Test("Draws are those of SplitMix64: the reference values of seed 1234567")
  func reference() throws {
    #expect(RandomKey(seed: 1_234_567).value == 6_457_827_717_110_365_317)
    let key = try JSONDecoder().decode(RandomKey.self, from: Data(#"{"value": 1234567}"#.utf8))
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect((1...5).map { key.bits($0) } == expected)
  }

  @Test("Keys split by name or number differ from their parent and from each other")
  func splits() {
    let key = RandomKey(seed: 0)
    var values: Set<UInt64> = [key.value]
    for index in 0..<2000 {
      values.insert(key.split(index).value)
      values.insert(key.split("layer.\(index)").value)
    }
    values.insert(key.split("a").split("b").value)
    values.insert(key.split("b").split("a").value)
    values.insert(key.split("ab").value)
    #expect(values.count == 4004)
  }

  @Test("Draws of split keys are not correlated: signs agree half the time")
  func independence() {
    let a = RandomKey(seed: 1).split(0)
    let b = RandomKey(seed: 1).split(1)
    let agreeing = (0..<10_000).count { (a.bits($0) ^ b.bits($0)) >> 63 == 0 }
    #expect(abs(agreeing - 5000) < 250)  // five standard deviations
  }

  @Test("Uniform draws stay in [0, 1), with mean 1/2 and variance 1/12")
  func uniform() {
    let key = RandomKey(seed: 5)
    let draws = (0..<20_000).map { key.uniform($0) }
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    #expect(draws.allSatisfy { 0 <= $0 && $0 < 1 })
    #expect(abs(mean - 0.5) < 0.01)
    #expect(abs(variance - 1.0 / 12) < 0.003)
  }
}

@Suite("Permutation")
struct PermutationTests {
  @Test("Every count from 1 to 300 is a bijection")
  func bijection() {
    for count in 1...300 {
      let permutation = Permutation(count: count, key: RandomKey(seed: UInt64(count)))
      #expect(Set((0..<count).map { permutation[$0] }) == Set(0..<count), "count \(count)")
    }
  }

  @Test("Large counts are bijections too, at and beside powers of two", arguments: [65_535, 65_536, 65_537, 100_003])
  func large(count: Int) {
    let permutation = Permutation(count: count, key: RandomKey(seed: 1))
    var seen = [Bool](repeating: false, count: count)
    for position in 0..<count { seen[permutation[position]] = true }
    #expect(seen.allSatisfy { $0 })
  }

  @Test("Counts that no memory could hold work, position by position")
  func huge() {
    let count = 1 << 50 | 12345
    let permutation = Permutation(count: count, key: RandomKey(seed: 1))
    let elements = (0..<1000).map { permutation[$0] }
    #expect(Set(elements).count == 1000)
    #expect(elements.allSatisfy { 0 <= $0 && $0 < count })
  }

  @Test("The key decides the order, and no order is the identity")
  func keys() {
    let a = Permutation(count: 1000, key: RandomKey(seed: 1))
    let b = Permutation(count: 1000, key: RandomKey(seed: 2))
    let fixed = (0..<1000).count { a[$0] == $0 }
    #expect((0..<1000).count { a[$0] == b[$0] } < 20)
    #expect(fixed < 20)
  }

  @Test("Each element comes first about equally often: chi-square over 8,000 keys of 8 elements")
  func balance() {
    var counts = [Double](repeating: 0, count: 8)
    for seed in 0..<8000 { counts[Permutation(count: 8, key: RandomKey(seed: UInt64(seed)))[0]] += 1 }
    let statistic = counts.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 }
    #expect(statistic < 29.9)  // 7 degrees of freedom, p = 1e-4
  }

  @Test("An order reads every item once an epoch, and each epoch in the permutation of its own key")
  func epochs() {
    let key = RandomKey(seed: 3)
    let order = EpochOrder(count: 5, key: key)
    let read = (0..<15).map { order[$0] }
    for epoch in 0..<3 {
      let permutation = Permutation(count: 5, key: key.split(epoch))
      let own = read[5 * epoch..<5 * epoch + 5]
      #expect(own.map(\.item) == (0..<5).map { permutation[$0] })
      #expect(own.allSatisfy { $0.epoch == epoch })
    }
    #expect(Set((0..<3).map { epoch in (0..<5).map { order[5 * epoch + $0].item } }).count > 1)
  }
}
