import Foundation
import GroveCore
import GroveCorpus
import GroveForest
import GroveModel
import GroveTesting
import Testing

@Suite("What an added expert branches from")
struct OriginTests {
  /// Grows a forest of two domains; the third is new to it.
  private static func with<Result>(_ body: (inout TinyForest) throws -> Result) throws -> Result {
    try TinyForest.with { forest in
      forest.config.data.domains = ["ants", "bees"]
      try forest.grow()
      return try body(&forest)
    }
  }

  private static func add(_ forest: TinyForest, _ origin: ForestAddition.Origin, as name: String) throws -> GrowthResult
  {
    let addition = ForestAddition(
      to: forest.folder, name: name, data: forest.corpus.shards, domain: "wasps/hornets", origin: origin, steps: nil)
    return try addition(executor: InProcessExecutor(), shouldStop: { false }, onEvent: { _ in })
  }

  /// The hash of every file below a folder.
  private static func hashes(_ folder: URL) throws -> [String: String] {
    let paths = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    let files = paths.filter { !FileSystem.isFolder(folder.appending(path: $0)) }
    return try Dictionary(
      uniqueKeysWithValues: files.map { ($0, try ContentHash.ofFile(folder.appending(path: $0))) })
  }

  @Test("The new one starts from the posterior's average; the files of the others stay as they were")
  func posterior() throws {
    try Self.with { forest in
      let experts = ["ants", "bees"].map { forest.folder.run(ForestFolder.expertPath($0)).url }
      let before = try experts.map(Self.hashes)
      let result = try Self.add(forest, .average(.posterior), as: "wasps")
      #expect(result.isComplete)
      #expect(try experts.map(Self.hashes) == before)
      let expert = try result.manifest.expert("wasps", in: forest.folder)
      #expect(Set(expert.parents.map(\.name)).isSubset(of: ["ants", "bees"]))
      #expect(abs(expert.parents.reduce(0) { $0 + $1.weight } - 1) < 1e-9)
      #expect(expert.domains == ["wasps/hornets"] && expert.step == 12)
      try result.manifest.verify(forest.folder)
    }
  }

  @Test("A uniform average of two is their mean, tensor by tensor")
  func average() throws {
    try Self.with { forest in
      let manifest = try ForestManifest(forest.folder)
      let target = forest.place.appending(path: "average")
      try forest.folder.average(manifest.parents(nil, in: forest.folder), of: manifest, to: target)
      let models = try manifest.experts.map { try ModelFolder.load($0.checkpoint(in: forest.folder)) }
      let average = try ModelFolder.load(target)
      for ((stored, first), second) in try zip(
        zip(average.parameters(), models[0].parameters()), models[1].parameters())
      {
        let values: [Float] = try stored.parameter.value.values()
        let (a, b): ([Float], [Float]) = (try first.parameter.value.values(), try second.parameter.value.values())
        #expect(zip(values, zip(a, b)).allSatisfy { abs($0 - ($1.0 + $1.1) / 2) <= 1e-7 })
      }
    }
  }

  @Test("One parent alone is taken as it is", arguments: [ForestAddition.Origin.seed, .expert("bees")])
  func single(origin: ForestAddition.Origin) throws {
    try Self.with { forest in
      let name = origin == .seed ? "seed" : "bees"
      let expert = try Self.add(forest, origin, as: "wasps").manifest.expert("wasps", in: forest.folder)
      #expect(expert.parents == [ForestManifest.Parent(name: name, weight: 1)])
    }
  }

  @Test("A name that is taken, data of another tokenizer and weights that make no average are refused")
  func refusals() throws {
    try Self.with { forest in
      #expect(
        forest.message { try Self.add(forest, .seed, as: "ants") }
          == "DIR/forest: the forest has a member 'ants' already. Give another name.")
      #expect(
        forest.message { try Self.add(forest, .expert("moths"), as: "wasps") }
          == "DIR/forest: the forest has no expert 'moths'. There are: ants, bees.")
      #expect(
        forest.message { try Self.add(forest, .average(.given(["ants": 0])), as: "wasps") }
          == "weights: they must not be negative, and one of them must be positive")
      let other = try TinyCorpus(in: forest.place.appending(path: "other"), seed: 2, vocabularySize: 290)
      let addition = ForestAddition(
        to: forest.folder, name: "x", data: other.shards, domain: "ants", origin: .seed, steps: nil)
      let message = forest.message {
        try addition(executor: InProcessExecutor(), shouldStop: { false }, onEvent: { _ in })
      }
      #expect(message.hasPrefix("DIR/other/shards: was made with another tokenizer than the forest: "))
      #expect(message.hasSuffix("Build the shards with the tokenizer of the forest."))
    }
  }
}
