import Foundation
import GroveCore
import GroveRecipes
import GroveTesting
import Testing

@Suite("Vocabularies of morphemes as an experiment")
struct BiomedicalTokenizationTests {
  private func words(_ overrides: [String]) -> String {
    do { _ = try BiomedicalTokenizationRecipe().config(.tiny, overrides: overrides) } catch { return "\(error)" }
    return "nothing was thrown"
  }

  @Test("The plan has one segmenter and the twins of every seed, and counts what they read")
  func plan() throws {
    let plan = try BiomedicalTokenizationRecipe().plan(.tiny, overrides: ["seeds=3", "steps=10", "spans.epochs=2"])
    #expect(plan.arms.map(\.name) == ["segmenter", "standard", "morphemes"])
    #expect(plan.arms.map(\.seeds) == [1, 3, 3])
    // 10 steps of 64 passages, and 19 steps an epoch of 16 lines, of 64 positions each.
    #expect(plan.arms[1].tokens == (10 * 64 + 2 * 19 * 16) * 64)
    #expect(plan.arms[1].tokens == plan.arms[2].tokens && plan.arms[1].parameters == plan.arms[2].parameters)
  }

  @Test("What does not fit together is refused by its field")
  func refusals() {
    #expect(
      words(["vocabularySize=100", "passageWords=64", "margin=0", "masking.share=1", "segmenter.heads=5"]) == """
        scale tiny: 5 problems
          --set margin=0: margin: 0.0 is outside (0, 1)
          --set vocabularySize=100: vocabularySize: 100 is below 200
          --set passageWords=64: passageWords: 64 words do not fit in 64 positions
          --set segmenter.heads=5: segmenter.heads: 5 does not divide width 64
          --set masking.share=1: masking.share: 1.0 is outside (0, 1)
        """)
  }

  @Test("Medical texts that are not there are refused with a way out")
  func missing() throws {
    let config = try BiomedicalTokenizationRecipe().config(.smoke, overrides: ["medical=/no/such/folder"])
    #expect {
      _ = try BiomedicalTokenizationRecipe().sources(config, in: Fixtures.demoCorpus)
    } throws: {
      "\($0)"
        == "/no/such/folder: the medical texts are not there. They stand beside the demo corpus; name another folder with "
        + "--set medical=FOLDER."
    }
  }

  @Test("The texts beside the demo corpus are found, and the demo does not read them")
  func sources() throws {
    let recipe = BiomedicalTokenizationRecipe()
    let files = try recipe.sources(recipe.config(.tiny, overrides: []), in: Fixtures.demoCorpus)
    #expect(files.map(\.stem) == ["codes", "morphemes", "names", "synonyms"])
    #expect(!FileSystem.exists(Fixtures.demoCorpus.appending(path: "medical")))
  }
}
