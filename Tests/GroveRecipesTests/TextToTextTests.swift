import GroveCore
import GroveRecipes
import Testing

@Suite("Text to text as an experiment")
struct TextToTextTests {
  @Test("The plan counts what is pre-trained and tuned, and a decoder has about half of the parameters")
  func plan() throws {
    let plan = try TextToTextRecipe().plan(.tiny, overrides: ["pretrainingSteps=10", "fineTuningSteps=2"])
    #expect(plan.arms.map(\.name) == ["random", "denoising", "language-model", "uncleaned", "texts"])
    let tuning = 4 * 2 * 16 * (64 + 12)
    #expect(
      plan.arms.map(\.tokens) == [tuning, 10 * 32 * 64 + tuning, 10 * 32 * 64 + tuning, 10 * 32 * 64 + tuning, 0])
    // Blocks of 12·64², the decoder's with 4·64² for the encoder; norms, distances and a thousand embeddings.
    let (square, embeddings) = (64 * 64, 1024 * 64)
    #expect(
      plan.arms[1].parameters == 4 * 12 * square + 2 * 4 * square + (2 * 2 + 2 * 3 + 2) * 64 + 2 * 32 * 4 + embeddings)
    #expect(plan.arms[2].parameters == 2 * 12 * square + (2 * 2 + 1) * 64 + 32 * 4 + embeddings)
    #expect(abs(plan.arms[1].operations / plan.arms[2].operations - 1) < 0.25)
  }

  @Test("A config that cannot be is refused by field")
  func refusals() {
    func message(_ overrides: String...) -> String {
      do {
        _ = try TextToTextRecipe().config(.smoke, overrides: overrides)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("length=8").contains("length: 8 is below 16"))
    #expect(
      message("files=[scripture, manual-en]").contains("files: dictionary is not among them, which a task is made of"))
    #expect(message("vocabularySize=257").contains("vocabularySize: 257 is below 512"))
    #expect(message("corruption.share=1").contains("corruption.share: 1.0 is outside (0, 1)"))
    #expect(message("model.routing.kind=learned").contains("model.routing.kind: there is no arm for it"))
  }
}
