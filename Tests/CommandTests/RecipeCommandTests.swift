import GroveCore
import GroveTesting
import Testing

@Suite("Recipes from the command line")
struct RecipeCommandTests {
  @Test("A dry run shows what the overrides make of the scale, every arm with its seeds")
  func dryRun() throws {
    func arms(_ arguments: String...) throws -> [String] {
      let result = try GroveTool.run(["recipe", "run"] + arguments + ["--dry-run", "--json"])
      #expect(result.code == 0, "\(result.errors)")
      return try result.json["arms"]?.arrayValue?.map {
        "\($0["name"]?.stringValue ?? "") \($0["seeds"]?.integerValue ?? 0)"
      } ?? []
    }
    #expect(try arms("pythia", "--scale", "smoke") == ["w16 1", "w32 1", "w16-restarted 1"])
    #expect(try arms("pythia", "--scale", "smoke", "--set", "seeds=4") == ["w16 4", "w32 4", "w16-restarted 1"])
    #expect(
      try arms("tiny-language-models", "--scale", "smoke", "--set", "pretrainingSizes=[8]", "--set", "members=3")
        == ["deep-scratch 1", "deep-8 1", "member 3", "latency 1"])
  }

  @Test("A dry run refuses an override that no run would take")
  func wrongOverride() throws {
    let result = try GroveTool.run(["recipe", "run", "pythia", "--dry-run", "--set", "seed=3"])
    #expect(result.code == 1)
    #expect(result.errors == "Error: --set seed=3: seed: unknown key; did you mean 'seeds'?\n")
    #expect(result.output == "")
  }
}
