import Foundation
import GroveCore
import GroveRecipes
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("Recipes: frame")
struct FrameworkTests {
  private func run(
    _ folder: URL, _ scale: RecipeScale = .smoke, workers: Int = 2, overrides: [String] = [], stopping: Bool = false,
    device: Device = .cpu, firstSeed: Int = 1, corpus: URL = Fixtures.demoCorpus
  ) throws -> RecipeRun {
    try RecipeRun(
      folder: folder.appending(path: "out"), scale: scale, corpus: corpus, firstSeed: firstSeed, workers: workers,
      device: device, overrides: overrides, shouldStop: { stopping }, onEvent: { _ in })
  }

  private func error(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was thrown"
  }

  private static let mechanism = Criterion("m", .mechanism, "works")
  private static let claim = Criterion("c", .claim, "holds")

  @Test(
    "The verdict follows from the outcomes and the scale alone",
    arguments: [
      (RecipeScale.tiny, [CriterionResult.Outcome.met, .met], Verdict.reproduced),
      (.tiny, [.met, .notMet], .notReproduced), (.tiny, [.met, .undecided], .notReproduced),
      (.tiny, [.notMet, .met], .notReproduced), (.smoke, [.met, .notMet], .mechanismOnly),
      (.smoke, [.met, .met], .mechanismOnly), (.smoke, [.notMet, .met], .notReproduced),
      (.full, [.met, .met], .reproduced),
    ])
  func verdict(scale: RecipeScale, outcomes: [CriterionResult.Outcome], expected: Verdict) {
    let results = [
      CriterionResult(Self.mechanism, outcomes[0], ""), CriterionResult(Self.claim, outcomes[1], ""),
    ]
    #expect(Verdict(results, at: scale) == expected)
  }

  @Test("A run without criteria reproduces nothing")
  func noCriteria() { #expect(Verdict([], at: .tiny) == .notReproduced) }

  @Test("Arms that are done are not trained again, and the result is the same", arguments: [1, 3])
  func resume(workers: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let recipe = CoinRecipe(trained: .init())
      let first = try RecipeRunner.run(recipe, run(folder, workers: workers), command: "first")
      let second = try RecipeRunner.run(recipe, run(folder, workers: workers), command: "second")
      #expect(recipe.trained.count == 4)
      #expect(first.verdict == .mechanismOnly)
      #expect(first.figures == second.figures && first.arms == second.arms)
      #expect(second.arms.map(\.seed) == [1, 2, 3, 4])
      let written = try FileSystem.read(folder.appending(path: "out/result.json"))
      #expect(try JSONValue(parsing: written, at: "result.json") == second.json())
      #expect(FileSystem.exists(folder.appending(path: "out/report.html")))
    }
  }

  @Test("An arm that fails is named, and those that were done stay done")
  func failure() throws {
    try Fixtures.withTemporaryFolder { folder in
      var recipe = CoinRecipe(trained: .init())
      recipe.failing = [3]
      let words = error { _ = try RecipeRunner.run(recipe, run(folder, workers: 1), command: "") }
      #expect(words == "seed 3: fell off the table")
      recipe.failing = []
      _ = try RecipeRunner.run(recipe, run(folder), command: "")
      #expect(recipe.trained.count == 4)
    }
  }

  @Test("A run that is asked to stop trains nothing more and says how it goes on")
  func stopping() throws {
    try Fixtures.withTemporaryFolder { folder in
      let recipe = CoinRecipe(trained: .init())
      let words = error { _ = try RecipeRunner.run(recipe, run(folder, stopping: true), command: "") }
      #expect(words == "stopped; the same command goes on")
      #expect(recipe.trained.count == 0)
      let again = try RecipeRunner.run(recipe, run(folder), command: "")
      #expect(again.verdict == .mechanismOnly)
    }
  }

  @Test("A folder takes one recipe, scale and config")
  func otherFolder() throws {
    try Fixtures.withTemporaryFolder { folder in
      let recipe = CoinRecipe(trained: .init())
      let place = folder.appending(path: "out").path
      _ = try RecipeRunner.run(recipe, run(folder), command: "")
      func refused(_ other: RecipeRun, _ differences: String) {
        #expect(
          error { _ = try RecipeRunner.run(recipe, other, command: "") }
            == "\(place): holds another run: \(differences). Name another folder with --out.")
      }
      try refused(run(folder, .tiny), "scale is \"tiny\", was \"smoke\"")
      try refused(run(folder, overrides: ["sides=3"]), "config.sides is 3, was 2")
      try refused(
        run(folder, device: .cuda(0), firstSeed: 2), "firstSeed is 2, was 1; device is \"cuda:0\", was \"cpu\"")
    }
  }

  @Test("An override changes the config, and a wrong one is refused by its name")
  func overrides() throws {
    try Fixtures.withTemporaryFolder { folder in
      let recipe = CoinRecipe(trained: .init())
      let result = try RecipeRunner.run(recipe, run(folder, overrides: ["sides=3"]), command: "")
      #expect(result.criteria.map(\.evidence) == ["3 sides"])
      #expect(result.verdict == .notReproduced)
    }
    try Fixtures.withTemporaryFolder { folder in
      let recipe = CoinRecipe(trained: .init())
      let words = error { _ = try RecipeRunner.run(recipe, run(folder, overrides: ["side=3"]), command: "") }
      #expect(words == "--set side=3: side: unknown key; did you mean 'sides'?")
    }
  }

  @Test("A folder with other files is left alone")
  func strangeFolder() throws {
    try Fixtures.withTemporaryFolder { folder in
      let place = folder.appending(path: "out")
      try FileSystem.makeFolder(place)
      try FileSystem.write("hello", to: place.appending(path: "letter.txt"))
      let words = error { _ = try RecipeRunner.run(CoinRecipe(trained: .init()), run(folder), command: "") }
      #expect(
        words == "\(place.path): the folder is not empty and holds no run of a recipe. Name another folder with --out.")
    }
  }

  @Test("The full scale is refused in words without a GPU")
  func fullScale() throws {
    try Fixtures.withTemporaryFolder { folder in
      let words = error { _ = try RecipeRunner.run(CoinRecipe(trained: .init()), run(folder, .full), command: "") }
      #expect(
        words
          == "--scale full: coin at its full scale takes 4e+21 floating-point operations, which is work for GPUs. "
          + "Give --device cuda on a machine that has them, or see the plan with --dry-run.")
      #expect(!FileSystem.exists(folder.appending(path: "out")))
    }
  }

  @Test("Figures that are no numbers are written down, read again and shown", arguments: [Double.nan, .infinity])
  func nonFinite(value: Double) throws {
    try Fixtures.withTemporaryFolder { folder in
      var recipe = CoinRecipe(trained: .init())
      recipe.value = value
      let first = try RecipeRunner.run(recipe, run(folder), command: "")
      let second = try RecipeRunner.run(recipe, run(folder), command: "")
      #expect(recipe.trained.count == 4)
      #expect(first.arms.map { "\($0.figures)" } == Array(repeating: "[\"value\": \(value)]", count: 4))
      #expect(first.text.contains("value  \(value)\n"))
      #expect(try first.json()["figures"] == second.json()["figures"])
      #expect(try first.json()["arms"] == second.json()["arms"])
    }
  }

  @Test("A file that is no record of an arm does not disturb the others, and a damaged record is named")
  func strayFiles() throws {
    try Fixtures.withTemporaryFolder { folder in
      let recipe = CoinRecipe(trained: .init())
      let arms = folder.appending(path: "out/arms")
      _ = try RecipeRunner.run(recipe, run(folder), command: "")
      try FileSystem.write("", to: arms.appending(path: ".DS_Store"))
      try FileSystem.write("", to: arms.appending(path: "coin/notes.txt"))
      #expect(try RecipeRunner.run(recipe, run(folder), command: "").arms.count == 4)
      let damaged = arms.appending(path: "coin/seed-2/arm.json")
      try FileSystem.write("{", to: damaged)
      #expect(
        error { _ = try RecipeRunner.run(recipe, run(folder), command: "") }
          == "\(damaged.path): is not the record of an arm. Remove it; the arm is then trained again.")
      try FileSystem.remove(damaged)
      let stranger = arms.appending(path: "old/seed-1/arm.json")
      try FileSystem.makeFolder(stranger.deletingLastPathComponent())
      try FileSystem.write("{", to: stranger)
      #expect(
        error { _ = try RecipeRunner.run(recipe, run(folder), command: "") }
          == "\(stranger.path): is not the record of an arm. Remove it; the arm is then trained again.")
    }
  }

  @Test("A folder takes one corpus and one build; what differs is named")
  func otherCorpusOrBuild() throws {
    try Fixtures.withTemporaryFolder { folder in
      var recipe = CoinRecipe(trained: .init())
      recipe.sources = ["heads.jsonl"]
      let file = folder.appending(path: "heads.jsonl")
      func write(_ text: String) throws -> String {
        try FileSystem.write(text, to: file)
        return try ContentHash.ofFile(file)
      }
      func again() -> String {
        error { _ = try RecipeRunner.run(recipe, run(folder, corpus: folder), command: "") }
      }
      let place = folder.appending(path: "out").path
      let first = try write("{}")
      #expect(again() == "nothing was thrown")
      let second = try write("{ }")
      #expect(
        again() == "\(place): holds another run: corpus.heads.jsonl is \"\(second)\", was \"\(first)\". "
          + "Name another folder with --out.")
      _ = try write("{}")
      #expect(again() == "nothing was thrown")
      let claim = folder.appending(path: "out/recipe.json")
      let text = String(decoding: try FileSystem.read(claim), as: UTF8.self)
      try FileSystem.write(text.replacing("\"grove\": \"\(groveVersion)\"", with: "\"grove\": \"0.0.1\""), to: claim)
      #expect(
        again() == "\(place): holds another run: grove is \"\(groveVersion)\", was \"0.0.1\". "
          + "Name another folder with --out.")
      #expect(recipe.trained.count == 4)
    }
  }
}
