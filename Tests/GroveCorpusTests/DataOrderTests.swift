import GroveCore
import GroveCorpus
import Testing

@Suite("The order of data is a function of the data, the seed and the step")
struct DataOrderTests {
  private let domains = [
    DomainSequences(name: "web", count: 37), DomainSequences(name: "code", count: 11),
    DomainSequences(name: "empty", count: 0), DomainSequences(name: "math", count: 5),
  ]

  private func order(_ mixing: Mixing = .proportional, seed: UInt64 = 1, fingerprint: String = "f") throws -> DataOrder
  {
    try DataOrder(fingerprint: fingerprint, seed: seed, domains: domains, mixing: mixing)
  }

  @Test("Every sequence comes up exactly once in every epoch, and epochs differ")
  func onceAnEpoch() throws {
    let order = try order()
    #expect(order.domains.map(\.name) == ["code", "empty", "math", "web"] && order.sequenceCount == 53)
    let epochs = (0..<3).map { order.sequences(samples: $0 * 53..<($0 + 1) * 53) }
    for (number, epoch) in epochs.enumerated() {
      #expect(epoch.allSatisfy { $0.epoch == number && $0.index < order.domains[$0.domain].count })
      #expect(Set(epoch).count == 53)
    }
    func places(_ epoch: [SequenceReference]) -> [[Int]] { epoch.map { [$0.domain, $0.index] } }
    #expect(places(epochs[0]) != places(epochs[1]) && places(epochs[1]) != places(epochs[2]))
  }

  @Test("A batch is the same however it is cut into micro-batches, alone or in a run", arguments: [0, 3, 6, 100])
  func batches(step: Int) throws {
    for mixing in [Mixing.proportional, .weighted(["web": 0.5, "math": 0.3, "code": 0.2])] {
      let order = try order(mixing)
      let batch = order.sequences(step: step, batchSize: 12)
      for parts in [1, 2, 3, 4, 6, 12] {
        let size = 12 / parts
        let cut = (0..<parts).flatMap { order.sequences(step: step * parts + $0, batchSize: size) }
        #expect(cut == batch)
      }
      #expect(order.sequences(samples: 0..<(step + 1) * 12).suffix(12) == batch[...])
    }
  }

  @Test("Data, seed and steps change the order; the order in which domains are given does not")
  func fingerprints() throws {
    let order = try order()
    let print = order.fingerprint(steps: 0..<5, batchSize: 8)
    #expect(try self.order().fingerprint(steps: 0..<5, batchSize: 8) == print)
    let shuffled = try DataOrder(fingerprint: "f", seed: 1, domains: domains.reversed(), mixing: .proportional)
    #expect(shuffled.fingerprint(steps: 0..<5, batchSize: 8) == print)
    #expect(try self.order(seed: 2).fingerprint(steps: 0..<5, batchSize: 8) != print)
    #expect(try self.order(fingerprint: "g").fingerprint(steps: 0..<5, batchSize: 8) != print)
    #expect(order.fingerprint(steps: 0..<6, batchSize: 8) != print)
    #expect(order.fingerprint(steps: 0..<10, batchSize: 4) == print)
    var rolling = OrderFingerprint(domains: order.domains.map(\.name))
    for step in 0..<5 { rolling.update(order.sequences(step: step, batchSize: 8)) }
    #expect(rolling.hexadecimal() == print)
  }

  @Test("The order is the one that order_oracle.py computes from the documentation")
  func pinned() throws {
    #expect(
      try order().fingerprint(steps: 0..<100, batchSize: 8)
        == "61a95b7926c833c6222b6a735f780eb037717d08d770e76ede554e0f288f3f6f")
    #expect(
      try order(.weighted(["web": 3, "math": 1])).fingerprint(steps: 0..<100, batchSize: 8)
        == "c8867ea1d4fab48e7f2028d8ad294971593a2ca1eda0bcaabfcfc28982c379f7")
  }

  @Test(
    "With weights no prefix differs from the shares by one sample",
    arguments: [
      [0.5, 0.5], [0.9, 0.05, 0.05], [0.5, 0.49, 0.01], [0.4, 0.3, 0.2, 0.1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      [0.9, 0.02, 0.02, 0.02, 0.02, 0.02], [3.14159, 2.71828, 1.41421], [1, 1e-7], [7, 5, 3, 2, 1.5, 0.25, 0.125],
    ])
  func prefixes(weights: [Double]) throws {
    let names = weights.indices.map { "d\($0)" }
    let order = try DataOrder(
      fingerprint: "f", seed: 1, domains: names.map { DomainSequences(name: $0, count: 10) },
      mixing: .weighted(Dictionary(uniqueKeysWithValues: zip(names, weights))))
    let shares = names.map { order.shares[$0] ?? 0 }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    let total = weights.reduce(0, +)
    for (share, weight) in zip(shares, weights) { #expect(abs(share - weight / total) <= 1 / 65_536.0) }
    var counts = [Int](repeating: 0, count: weights.count)
    var worst = 0.0
    for (position, sequence) in order.sequences(samples: 0..<140_000).enumerated() {
      counts[sequence.domain] += 1
      for domain in counts.indices {
        worst = max(worst, abs(Double(counts[domain]) - shares[domain] * Double(position + 1)))
      }
    }
    #expect(worst <= 1 - 1 / Double(2 * weights.count - 2) + 1e-6, "\(worst)")
  }

  @Test("With weights every domain goes through its own sequences once before any comes again")
  func weightedEpochs() throws {
    let order = try order(.weighted(["web": 1, "math": 1]))
    #expect(order.shares == ["math": 0.5, "web": 0.5])
    let sequences = order.sequences(samples: 0..<148)
    for (domain, count) in [(2, 5), (3, 37)] {
      let own = sequences.filter { $0.domain == domain }
      #expect(own.count == 74)
      for epoch in 0..<(74 / count) {
        #expect(Set(own.filter { $0.epoch == epoch }.map(\.index)) == Set(0..<count))
      }
      #expect(own.enumerated().allSatisfy { $0.element.epoch == $0.offset / count })
    }
  }

  @Test("Weights that cannot be kept are refused in words")
  func badWeights() {
    func weights(_ weights: [String: Double]) -> String { message { try order(.weighted(weights)) } }
    #expect(weights(["wbe": 1]) == "weights.wbe: no such domain. There are: code, empty, math, web.")
    #expect(weights(["web": -1]) == "weights.web: -1.0 is not a positive number. Leave the domain out.")
    #expect(weights(["web": .nan]) == "weights.web: nan is not a positive number. Leave the domain out.")
    #expect(weights(["empty": 1]) == "weights.empty: the domain has no whole sequence. Leave the domain out.")
    #expect(weights([:]) == "weights: 0 domains have weights; 1 to 4096 may")
    #expect(
      message { try DataOrder(fingerprint: "f", seed: 1, domains: [], mixing: .proportional) }
        == "data: no domain has a whole sequence. Use a shorter context, or more text.")
  }
}
