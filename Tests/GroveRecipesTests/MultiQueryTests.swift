import GroveCore
import GroveRecipes
import Testing

@Suite("Multi-query attention")
struct MultiQueryTests {
  @Test(
    "What an arm saves on heads its feed-forward layer gets: all have the same parameters",
    arguments: RecipeScale.allCases)
  func parameters(scale: RecipeScale) throws {
    let arms = try Recipes.named("multi-query-attention").plan(scale, overrides: []).arms
    #expect(Set(arms.map(\.parameters)).count == 1)
    #expect(arms.map(\.name).filter { $0 != "grouped" } == ["multi-head", "multi-query", "one-head", "latency"])
  }

  @Test("Worked by hand: the tiny model")
  func byHand() throws {
    let arm = try Recipes.named("multi-query-attention").plan(.tiny, overrides: []).arms[1]
    // Two blocks: queries and output of 96·96, key and value of 96·12, 384 + 7·2·12/2 places of two rows of 96, two norms; then
    // 512 tokens and the last norm.
    let block = 2 * 96 * 96 + 2 * 96 * 12 + 2 * (384 + 84 * 2 / 2) * 96 + 2 * 96
    #expect(arm.parameters == 2 * block + 512 * 96 + 96)
  }

  @Test("A model that shares heads already, a gated layer, and contexts shorter than what is timed are refused")
  func refusals() {
    func words(_ overrides: [String]) -> String {
      do { _ = try Recipes.named("multi-query-attention").plan(.tiny, overrides: overrides) } catch {
        return "\(error)"
      }
      return "nothing was thrown"
    }
    #expect(
      words([
        "training.model.attention.keyValueHeads=2", "training.model.feedForward.form=gated", "decodedContexts=[32,512]",
        "timedRounds=1",
      ]) == """
        scale tiny: 4 problems
          --set training.model.attention.keyValueHeads=2: training.model.attention.keyValueHeads: the model has a key and \
        value head for each of its heads
          --set training.model.feedForward.form=gated: training.model.feedForward.form: a plain layer takes what is saved \
        to the last number
          --set decodedContexts=[32,512]: decodedContexts: [32, 512] do not rise from above decodedTokens 32
          --set timedRounds=1: timedRounds: 1 are too few for an interval
        """)
  }
}
