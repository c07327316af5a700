import Foundation
import GroveCore
import GroveForest
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A pool of experts")
struct ExpertPoolTests {
  private static func message(_ make: () throws -> Void) -> String? {
    #expect(throws: GroveError.self) { try make() }?.description
  }

  @Test("No more experts are in memory than the limit allows; the one used the longest ago goes first")
  func leastRecentlyUsed() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let pool = try tiny.pool(.experts(2))
      var seen: [[String]] = []
      for index in [0, 1, 0, 2, 0, 1] {
        try pool.withExpert(index) { _ in }
        seen.append(pool.residentNames)
      }
      #expect(
        seen == [
          ["expert1"], ["expert1", "expert2"], ["expert2", "expert1"], ["expert1", "expert3"], ["expert3", "expert1"],
          ["expert1", "expert2"],
        ])
      #expect(pool.loadCount == 4)
      #expect(pool.residentBytes == pool.byteCounts[0] + pool.byteCounts[1])
      pool.giveBack()
      #expect(pool.residentBytes == 0 && pool.residentNames == [])
    }
  }

  @Test("A limit in bytes holds at every moment", arguments: Precision.allCases)
  func bytes(precision: Precision) throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder, seeds: [1, 2, 3, 4])
      let counts = try ExpertPool(tiny.experts, precision: precision).byteCounts
      let limit = (counts.max() ?? 0) + (counts.min() ?? 0)
      let pool = try ExpertPool(tiny.experts, precision: precision, limit: .bytes(limit))
      for index in [0, 3, 1, 2, 2, 0, 1, 3, 0] {
        try pool.withExpert(index) { #expect($0.config == pool.configs[index]) }
        #expect(pool.residentBytes <= limit && pool.residentNames.last == tiny.experts[index].name)
      }
      #expect(pool.peakBytes <= limit && pool.peakBytes >= counts.max() ?? 0)
    }
  }

  /// The counts are the process's, so the test has a process of its own.
  @Test("What is given back leaves no tensor and no byte behind")
  func noLeak() async {
    await #expect(processExitsWith: .success) {
      try Fixtures.withTemporaryFolder { folder in
        let tiny = try TinyExperts(in: folder, seeds: [1, 3, 7])
        let pool = try ExpertPool(tiny.experts, precision: .bfloat16, limit: .experts(1))
        let start = try Torch.memory()
        var held: [Torch.Memory] = []
        for index in [0, 1, 2, 0, 1, 2] {
          try pool.withExpert(index) { _ in }
          held.append(try Torch.memory())
        }
        // Three of one shape: each takes the place of the one before.
        #expect(held.allSatisfy { $0.liveTensors == held[0].liveTensors && $0.liveBytes == held[0].liveBytes })
        #expect(held[0].liveBytes > start.liveBytes)
        pool.giveBack()
        let end = try Torch.memory()
        #expect(end.liveTensors == start.liveTensors && end.liveBytes == start.liveBytes)
      }
    }
  }

  @Test("An expert that was given back and read again is the same")
  func reread() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let pool = try tiny.pool(.experts(1))
      func weights(_ index: Int) throws -> [[Float]] {
        try pool.withExpert(index) { try $0.parameters().map { try $0.parameter.working.values() } }
      }
      let before = try weights(0)
      _ = try weights(1)
      #expect(try weights(0) == before && pool.loadCount == 3)
    }
  }

  @Test("A limit without room for one expert is refused with the expert that needs most")
  func limits() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let counts = try tiny.pool().byteCounts
      let largest = counts.max() ?? 0
      let name = tiny.experts[counts.firstIndex(of: largest) ?? 0].name
      #expect(
        Self.message { _ = try tiny.pool(.bytes(largest - 1)) }
          == "limit: \(largest - 1) bytes have no room for one expert: the expert '\(name)' needs \(largest). "
          + "Raise the limit, or choose a smaller precision.")
      #expect(
        Self.message { _ = try tiny.pool(.experts(0)) } == "limit: 0 experts have no room for one. Allow at least 1.")
      _ = try tiny.pool(.bytes(largest))
    }
  }

  @Test("Experts that do not belong together are refused by name")
  func mismatch() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      #expect(
        Self.message { _ = try ExpertPool([]) } == "experts: there is none. A mixture needs at least one expert.")
      #expect(
        Self.message { _ = try ExpertPool([tiny.experts[0], tiny.experts[1], tiny.experts[0]]) }
          == "experts: the name 'expert1' is there twice")
      let other = try TinyExperts.tokenizer("cdcdcdcd")
      try other.write(toFolder: tiny.experts[1].folder)
      try ModelFolder.save(
        TinyExperts.random(seed: 3, shape: 1, vocabulary: 300), endOfText: 0, to: tiny.experts[2].folder)
      let (first, second) = (tiny.tokenizer.fingerprint.prefix(12), other.fingerprint.prefix(12))
      #expect(
        Self.message { _ = try tiny.pool() }
          == "experts: 'expert2' has the tokenizer \(second)… instead of \(first)…; 'expert3' has 300 instead of 258 "
          + "tokens, unlike 'expert1'. Probabilities of different tokens cannot be mixed: train the experts with one "
          + "tokenizer.")
    }
  }

  @Test("A tokenizer whose file is written in another way is the same tokenizer")
  func sameTokenizer() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let file = tiny.experts[1].folder.appending(path: "tokenizer.json")
      try FileSystem.write(JSONValue(contentsOf: file).text, to: file)
      _ = try tiny.pool()
    }
  }

  @Test("A missing expert is named with its folder, when the pool is opened and when the expert is used")
  func missing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let pool = try tiny.pool()
      let gone = tiny.experts[1].folder
      try FileSystem.remove(gone)
      let expected =
        "\(gone.path): the expert 'expert2' is missing. Put its folder back, or remove the expert from the forest."
      #expect(Self.message { try pool.withExpert(1) { _ in } } == expected)
      #expect(Self.message { _ = try tiny.pool() } == expected)
      let evaluator = try MixtureEvaluator(pool, windows: tiny.windows())
      #expect(Self.message { _ = try evaluator.evaluate(tiny.documents(), rules: [MixtureRule(.uniform)]) } == expected)
      try pool.withExpert(0) { _ in }

      let weights = tiny.experts[2].folder.appending(path: "model.safetensors")
      try FileSystem.remove(weights)
      #expect(
        Self.message { try pool.withExpert(2) { _ in } }
          == "\(tiny.experts[2].folder.path): the expert 'expert3' cannot be used: has neither model.safetensors nor "
          + "model.safetensors.index.json. Give a folder that holds a whole checkpoint.")
      let tokenizer = tiny.experts[0].folder.appending(path: "tokenizer.json")
      try FileSystem.remove(tokenizer)
      #expect(
        Self.message { _ = try ExpertPool([tiny.experts[0]]) }
          == "\(tokenizer.path): the tokenizer of the expert 'expert1' is missing. Copy the tokenizer that the experts "
          + "were trained with into the folder.")
    }
  }

  @Test("An expert whose weights are not numbers is named with the document that shows it")
  func unsound() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let model = try ModelFolder.load(tiny.experts[1].folder)
      for (_, parameter) in try model.parameters() { parameter.set(try .full(parameter.shape, .nan, .float32)) }
      try ModelFolder.save(model, endOfText: tiny.endOfText, to: tiny.experts[1].folder)
      let evaluator = try MixtureEvaluator(tiny.pool(), windows: tiny.windows())
      #expect(
        Self.message { _ = try evaluator.evaluate(tiny.documents([5, 9]), rules: [MixtureRule(.uniform)]) }
          == "\(tiny.experts[1].folder.path): the expert 'expert2' gives the document 'd1' a loss that is not a number. "
          + "Its weights are not sound: take an earlier checkpoint.")
    }
  }
}
