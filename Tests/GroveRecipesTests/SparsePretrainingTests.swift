import GroveRecipes
import Testing

@Suite("Sparse pre-training as an experiment")
struct SparsePretrainingTests {
  @Test("A config that cannot be is refused by field")
  func refusals() {
    func message(_ overrides: String...) -> String {
      do {
        _ = try SparsePretrainingRecipe().config(.smoke, overrides: overrides)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("sparsities=[0.75, 0.5]").contains("sparsities: [0.75, 0.5] do not rise between 0 and 1"))
    #expect(message("target=other").contains("target: there is no stream 'other' among general, target"))
    #expect(message("larger.width=16").contains("larger.width: 16 is not above 16"))
    #expect(message("tuningSteps=2").contains("tuningSteps: 2 are not more than the warm-up's 2"))
  }
}
