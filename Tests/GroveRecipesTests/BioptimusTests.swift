import GroveRecipes
import GroveTesting
import Testing

@Suite("New tokens for an old encoder as an experiment")
struct BioptimusTests {
  private func words(_ overrides: [String]) -> String {
    do { _ = try BioptimusRecipe().config(.tiny, overrides: overrides) } catch { return "\(error)" }
    return "nothing was thrown"
  }

  @Test("The plan has a general encoder and eight arms for every seed, and the new tokens are counted")
  func plan() throws {
    let plan = try BioptimusRecipe().plan(.tiny, overrides: ["seeds=2", "steps=8", "newTokens=100"])
    #expect(
      plan.arms.map(\.name) == [
        "general", "random", "mean", "contextual", "contextual-scaled", "words-15", "words-20", "words-20-mask",
        "curriculum",
      ])
    #expect(plan.runs == 18)
    #expect(plan.arms[1].parameters - plan.arms[0].parameters == 100 * 64)
    // 8 steps of 64 passages, and four times 10 steps of 32 lines, of 64 positions each.
    #expect(plan.arms[1].tokens == (8 * 64 + 4 * 10 * 32) * 64)
  }

  @Test("What does not fit together is refused by its field")
  func refusals() {
    #expect(
      words(["steps=10", "newTokens=0", "vocabularySize=10", "documents=-1", "encoder.heads=3"]) == """
        scale tiny: 5 problems
          --set newTokens=0: newTokens: 0 is not positive
          --set documents=-1: documents: -1 is negative
          --set vocabularySize=10: vocabularySize: 10 is below 200
          --set steps=10: steps: 10 is no multiple of the curriculum's 4 phases
          --set encoder.heads=3: encoder.heads: 3 does not divide width 64
        """)
  }

  @Test("It reads a file of the demo corpus and the medical texts beside it")
  func sources() throws {
    let recipe = BioptimusRecipe()
    let files = try recipe.sources(recipe.config(.tiny, overrides: []), in: Fixtures.demoCorpus)
    #expect(files.map(\.stem) == ["manual-en", "codes", "morphemes", "names", "synonyms"])
  }
}
