import GroveCore
import GroveModel
import GroveRecipes
import Testing

@Suite("Recipes: the arithmetic of training memory")
struct TrainingMemoryTests {
  /// One block of width 4, hidden 6, 10 ids, one head: matrices of 4 × 16 + 3 × 24 = 136 numbers, two norms of 4, one behind the last
  /// block, and the tied vectors of tokens.
  private func shape(_ form: LinearConfig.Form) -> ModelConfig {
    var shape = ModelConfig()
    (shape.vocabularySize, shape.width, shape.layers, shape.feedForwardWidth) = (10, 4, 1, 6)
    (shape.attention.heads, shape.attention.keyValueHeads) = (1, 1)
    (shape.linear.form, shape.linear.rank, shape.linear.density) = (form, 2, 0.25)
    return shape
  }

  @Test("A dense model, counted by hand")
  func dense() {
    let memory = TrainingMemory(shape(.dense))
    #expect(memory.parameters == 136 + 8 + 4 + 40)
    #expect(memory.places == 0 && memory.largest == 40)
    #expect(memory.bytes(.float32) == 188 * 16)
    #expect(memory.bytes(.bfloat16) == 188 * 8)
    // The gradient of the vectors of tokens alone.
    #expect(memory.bytes(.bytes8) == 188 * 4 + 40 * 2)
  }

  @Test("Low rank and sparse numbers, counted by hand")
  func sparse() {
    let memory = TrainingMemory(shape(.sparseLowRank))
    // Factors of rank 2: 4 × 2 × 8 + 3 × 2 × 10; a quarter of the places: 4 × 4 + 3 × 6.
    #expect(memory.places == 34)
    #expect(memory.parameters == 124 + 34 + 8 + 4 + 40)
    #expect(memory.bytes(.float32) == 210 * 16 + 34 * 8)
    #expect(TrainingMemory(shape(.lowRank)).parameters == 124 + 52)
  }

  @Test("What does not fit together in the configs of the recipes is refused by its field")
  func configs() {
    func words(_ id: String, _ overrides: [String]) -> String {
      do { _ = try Recipes.named(id).plan(.tiny, overrides: overrides) } catch { return "\(error)" }
      return "nothing was thrown"
    }
    #expect(
      words("sltrain", ["rank=0", "scale=-1", "densities=[0.1,0.05]"]) == """
        scale tiny: 3 problems
          --set rank=0: rank: 0 is not positive
          --set scale=-1: scale: -1.0 is not positive
          --set densities=[0.1,0.05]: densities: [0.1, 0.05] are not two or more rising shares between 0 and 1
        """)
    #expect(
      words("attention-free-transformer", ["window=0", "rank=0", "lengths=[64,64]"]) == """
        scale tiny: 3 problems
          --set window=0: window: 0 is not positive
          --set rank=0: rank: 0 is not positive
          --set lengths=[64,64]: lengths: [64, 64] are not three or more rising lengths
        """)
  }
}
