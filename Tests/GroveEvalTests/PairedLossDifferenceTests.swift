import Foundation
import GroveCore
import GroveEval
import Testing

@Suite("Differences of losses, paired by document")
struct PairedLossDifferenceTests {
  /// A document of so many bytes that costs so many bits a byte.
  private func loss(_ id: String, _ domain: String, bytes: Int, bits: Double) -> DocumentLoss {
    DocumentLoss(id: id, domain: domain, nats: bits * Double(bytes) * log(2), tokens: bytes, bytes: bytes)
  }

  private var losses: [DocumentLoss] {
    [
      loss("a1", "a", bytes: 10, bits: 2), loss("b1", "b", bytes: 7, bits: 1), loss("a2", "a", bytes: 30, bits: 3),
    ]
  }

  @Test("Domains weigh their documents by bytes, and the mean weighs domains equally")
  func byHand() throws {
    let others = [
      loss("a1", "a", bytes: 10, bits: 1), loss("b1", "b", bytes: 7, bits: 1.5), loss("a2", "a", bytes: 30, bits: 3.2),
    ]
    let found = try PairedLossDifference(losses, minus: others)
    // a: (10 · 1 − 30 · 0.2) / 40 = 0.1; b: −0.5.
    #expect(found.domains.map(\.domain) == ["a", "b"])
    #expect(abs(found.domains[0].difference - 0.1) < 1e-12 && abs(found.domains[1].difference + 0.5) < 1e-12)
    #expect(abs(found.mean.estimate + 0.2) < 1e-12)
    // Resamples of a hold one of its documents twice, or both; b is the same in all of them.
    let interval = try #require(found.domains[0].interval)
    #expect(abs(interval.lower + 0.2) < 1e-12 && abs(interval.upper - 1) < 1e-12)
    #expect(found.domains[1].interval == nil, "one document says nothing of the spread")
    #expect(abs(found.mean.lower + 0.35) < 1e-12 && abs(found.mean.upper - 0.25) < 1e-12)
  }

  @Test("A resample draws each document of a domain equally often, however many others there are")
  func strata() throws {
    var draws = [[0, 0], [0]]
    _ = try Bootstrap(key: RandomKey(seed: 3)).interval(strata: [2, 1]) { indices in
      for (stratum, own) in indices.enumerated() { for index in own { draws[stratum][index] += 1 } }
      return 0
    }
    // 1000 resamples of two places each, and the estimate's; the deviation is 22.
    #expect(draws[0].reduce(0, +) == 2002 && abs(draws[0][0] - 1001) < 90, "\(draws)")
    #expect(draws[1] == [1001])
  }

  @Test("The other way about, the difference has the other sign")
  func antisymmetry() throws {
    let others = losses.map { loss($0.id, $0.domain, bytes: $0.bytes, bits: $0.bitsPerByte / 2 + 0.3) }
    let there = try PairedLossDifference(losses, minus: others).mean
    let back = try PairedLossDifference(others, minus: losses).mean
    #expect(abs(there.estimate + back.estimate) < 1e-12)
    #expect(abs(there.lower + back.upper) < 1e-12 && abs(there.upper + back.lower) < 1e-12)
  }

  @Test("Without documents there is nothing to compare")
  func none() {
    #expect {
      try PairedLossDifference([], minus: [])
    } throws: {
      "\($0)" == "documents: there is none to compare on"
    }
  }
}
