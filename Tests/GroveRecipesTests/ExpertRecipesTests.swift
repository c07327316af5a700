import Foundation
import GroveCore
import GroveCorpus
import GroveRecipes
import GroveTrain
import Testing

/// What the folders of recipes about experts promise, looked at from outside.
enum ExpertRecipeChecks {
  private static func documents(_ place: URL, _ domain: String) throws -> [(id: String, text: String)] {
    try FileSystem.read(place.appending(path: "data/texts/\(domain).jsonl")).split(separator: 0x0A).map {
      let line = try JSONValue(parsing: $0, at: domain)
      return (line["id"]?.stringValue ?? "", line["text"]?.stringValue ?? "")
    }
  }

  /// Parts hold each training document of some texts once, and no other.
  private static func checkParts(_ place: URL, of domains: [String], _ parts: [String]) throws {
    let split = try SplitRule(validationShare: 0.4, seed: 0)
    let all = try domains.flatMap { try documents(place, $0) }.map(\.id).filter { split.split(of: $0) == .train }
    let found = try parts.map { try documents(place, $0).map(\.id) }
    #expect(found.allSatisfy { !$0.isEmpty })
    #expect(found.joined().sorted() == all.sorted(), "\(parts)")
  }

  private static func config(_ place: URL, _ path: String) throws -> RunConfig {
    try RunConfig.load(RunFolder(place.appending(path: "arms/\(path)")).config)
  }

  private static func seed(_ place: URL, step: Int) -> String {
    RunFolder(place.appending(path: "arms/dense-4/seed-1/run")).checkpoint(step: step).path
  }

  /// Experts branch from the dense run; without a seed phase each draws weights of its own.
  static func branchTrainMerge(_ place: URL) throws {
    try checkParts(place, of: ["math", "scripture"], ["random-0", "random-1"])
    for (arm, domain) in [("forest-0.5", "math"), ("forest-0.5", "scripture"), ("random", "random-1")] {
      let config = try config(place, "\(arm)/seed-1/experts/\(domain)")
      #expect(config.start.model == seed(place, step: 24) && config.data.domains == [domain])
      // 48 steps of 4 sequences; the half of them that is left are 24 steps of 2 for each of two experts.
      #expect(config.training.steps == 24 && config.training.batchSize == 2)
      #expect(config.training.schedule.stepsBefore == 24 && config.training.seed == 1)
    }
    let strangers = try ["math", "scripture"].map { try config(place, "forest-0/seed-1/experts/\($0)") }
    #expect(strangers.map(\.start.model) == ["", ""] && strangers.map(\.training.seed) == [2, 3])
    #expect(strangers.map(\.training.steps) == [48, 48])
    let added = try ["posterior", "uniform", "seed"].map {
      try config(place, "added-\($0)/seed-1/experts/dictionary").start.model
    }
    #expect(added[2] == seed(place, step: 24) && Set(added).count == 3)
  }

  /// Each division holds all training documents, and the clusterers are kept beside the texts.
  static func clusters(_ place: URL) throws {
    for (name, count) in [("balanced-3", 3), ("balanced-2", 2), ("plain-3", 3), ("random-3", 3)] {
      try checkParts(place, of: ["dictionary", "math", "scripture"], (0..<count).map { "\(name)-\($0)" })
      #expect(FileSystem.exists(place.appending(path: "data/clusters/\(name)/clusterer.json")))
    }
  }

  /// A group's text is that of its languages, and French goes on from the group of Spanish.
  static func languages(_ place: URL) throws {
    let old = ["de", "en", "es"]
    for name in ["typology", "random", "balanced-2"] { try checkParts(place, of: old, ["\(name)-0", "\(name)-1"]) }
    let prefixes = try ["typology-0", "typology-1"].map { Set(try documents(place, $0).map { $0.id.prefix(9) }) }
    #expect(prefixes == [["manual-de", "manual-en"], ["manual-es"]])
    let config = try config(place, "adapted-relative/seed-1/experts/fr")
    #expect(config.data.domains == ["fr"] && config.start.model.contains("arms/typology/seed-1/experts/typology-1/"))
    #expect(try self.config(place, "adapted-dense/seed-1/experts/fr").start.model == seed(place, step: 48))
  }
}

@Suite("Configs of recipes about experts")
struct ExpertRecipeConfigTests {
  private func words(_ id: String, _ overrides: [String]) -> String {
    do { _ = try Recipes.named(id).plan(.tiny, overrides: overrides) } catch { return "\(error)" }
    return "nothing was thrown"
  }

  @Test("What does not fit together is refused by its field")
  func refusals() {
    #expect(
      words("btm", ["added=[math]", "seedShares=[0.5]", "training.expertBatchSize=7"]) == """
        scale tiny: 3 problems
          --set training.expertBatchSize=7: training.expertBatchSize: 7 does not divide 5760 sequences
          --set added=[math]: added: a stream is named twice, here or in domains
          --set seedShares=[0.5]: seedShares: [0.5] are not different shares with 0 and training.seedShare
        """)
    #expect(
      words("c-btm", ["clusters=2", "clustering.temperature=0"]) == """
        scale tiny: 2 problems
          --set clustering.temperature=0: clustering.temperature: 0.0 is not positive and finite
          --set clusters=2: clusters: 2 is outside 3...256: the best two of them must not be all
        """)
    #expect(
      words("x-elm", ["added=de", "clusters=9"]) == """
        scale tiny: 2 problems
          --set added=de: added: 'de' is among the languages
          --set clusters=9: clusters: 9 is outside 2...5, the number of languages
        """)
    #expect(
      words("btm", ["training.seedShare=0.333", "seedShares=[0, 0.333]"]) == """
        scale tiny: 2 problems
          --set training.seedShare=0.333: training.seedShare: 0.333 of 720 steps is not a number of steps below all
          --set seedShares=[0, 0.333]: seedShares.1: 0.333 of 720 steps is not a number of steps below all
        """)
  }
}
