import GroveRecipes
import Testing

@Suite("The choices of a multilingual model")
struct BloomTests {
  private func refusal(_ overrides: String...) -> String {
    do { _ = try Recipes.named("bloom").plan(.tiny, overrides: overrides) } catch { return "\(error)" }
    return "nothing was thrown"
  }

  @Test("A config that cannot be is refused by field")
  func refusals() {
    #expect(
      refusal("judgedLength=128", "rates=[0.1,0.1]", "rateSeeds=0", "rateSteps=20", "tokenizerSize=256") == """
        scale tiny: 5 problems
          --set judgedLength=128: judgedLength: 128 is not beyond training.model.contextLength 128
          --set rates=[0.1,0.1]: rates: [0.1, 0.1] are not rising rates
          --set rateSeeds=0: rateSeeds: 0 is not positive
          --set rateSteps=20: rateSteps: 20 is below 21: longer than the warm-up, and ten steps
          --set tokenizerSize=256: tokenizerSize: 256 is below 257
        """)
    #expect(
      refusal("absentLanguages=[es]")
        == "--set absentLanguages=[es]: absentLanguages: some are needed here and in taughtLanguages, and none in both")
    #expect(
      refusal("heldOutTasks=[count]")
        == "--set heldOutTasks=[count]: heldOutTasks: lists of one length have one count: there is nothing to choose")
    #expect(
      refusal("training.model.positions.kind=learned", "training.model.norm.embedding=no") == """
        scale tiny: 2 problems
          --set training.model.positions.kind=learned: training.model.positions.kind: learned is not alibi, which the first \
        arm has
          --set training.model.norm.embedding=no: training.model.norm.embedding: no leaves out the norm that the first arm \
        has
        """)
  }
}
