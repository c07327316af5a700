import GroveCore
import GroveRecipes
import Testing

@Suite("Sparse transformer")
struct SparseTransformerTests {
  @Test("A model that is not dense, blocks without an earlier one, and lengths that do not rise are refused")
  func refusals() {
    func words(_ overrides: [String]) -> String {
      do { _ = try Recipes.named("sparse-transformer").plan(.tiny, overrides: overrides) } catch { return "\(error)" }
      return "nothing was thrown"
    }
    #expect(
      words([
        "training.model.attention.pattern=strided", "training.model.attention.block=600", "timedLengths=[512,256,1024]",
        "timedRounds=0",
      ]) == """
        scale tiny: 4 problems
          --set training.model.attention.pattern=strided: training.model.attention.pattern: the model is the dense one; the arms set it
          --set training.model.attention.block=600: training.model.attention.block: 600 is outside 2...half of the context
          --set timedLengths=[512,256,1024]: timedLengths: [512, 256, 1024] are not three or more that rise from 16 to 65536
          --set timedRounds=0: timedRounds: 0 is not positive
        """)
  }

  @Test("The plan trains each pattern alike: the same parameters and tokens, and fewer operations than dense")
  func plan() throws {
    let arms = try Recipes.named("sparse-transformer").plan(.tiny, overrides: []).arms
    #expect(arms.map(\.name) == ["dense", "fixed", "strided", "latency"])
    #expect(Set(arms.map(\.parameters)).count == 1 && Set(arms.prefix(3).map(\.tokens)) == [400 * 4 * 1024])
    #expect(arms[1].operations < arms[0].operations && arms[2].operations < arms[0].operations)
    // 12·L·C for each key that the arithmetic reads: 1,024 of the dense model; 32 and 32 ends of 4; 64 and 32 strides.
    #expect(arms[0].operations - arms[1].operations == 12 * 2 * 64 * (1024 - 160) * 400 * 4 * 1024)
    #expect(arms[0].operations - arms[2].operations == 12 * 2 * 64 * (1024 - 96) * 400 * 4 * 1024)
  }
}
