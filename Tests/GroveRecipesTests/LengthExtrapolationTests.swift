import Foundation
import GroveCore
import GroveRecipes
import Testing

@Suite("Length extrapolation")
struct LengthExtrapolationTests {
  @Test("Worked by hand: scores of ln 2, 0 and −∞ have a resolution of (2·1 + 1·1)/9")
  func byHand() {
    #expect(abs(AttentionResolution.of([log(2), 0, -.infinity]) - 1.0 / 3) < 1e-12)
  }

  @Test("Equal scores have no resolution, all weight on the first has 1, and more weight behind less than 0")
  func ends() {
    #expect(AttentionResolution.of([3, 3, 3, 3]) == 0)
    #expect(AttentionResolution.of([0, -.infinity, -.infinity]) == 1)
    #expect(AttentionResolution.of([0, 1, 2]) < 0)
  }

  @Test("A number added to all scores changes no resolution, however large")
  func shift() {
    let scores = [0.5, 0.25, -1, -3]
    #expect(abs(AttentionResolution.of(scores) - AttentionResolution.of(scores.map { $0 + 1000 })) < 1e-12)
  }

  @Test("Worked by hand: of two pairs the expected score at distance 1 is cos 1·(2/7)^(1/B) + cos 0.01·(9/14)^(1/B)")
  func expected() {
    let scores = AttentionResolution.expectedScores(headWidth: 4, distances: 1, decayLength: 2)
    let byHand = cos(1.0) * (2.0 / 7).squareRoot() + cos(0.01) * (9.0 / 14).squareRoot()
    #expect(scores.count == 2 && scores[0] == 2 && abs(scores[1] - byHand) < 1e-12)
    let rotary = AttentionResolution.expectedScores(headWidth: 4, distances: 1, decayLength: nil)
    #expect(abs(rotary[1] - cos(1.0) - cos(0.01)) < 1e-12)
  }

  @Test("Lengths that do not rise from the trained one are refused, and such as the decay cannot hold")
  func refusals() {
    func words(_ overrides: [String]) -> String {
      do { _ = try Recipes.named("lex-xpos").plan(.tiny, overrides: overrides) } catch { return "\(error)" }
      return "nothing was thrown"
    }
    #expect(
      words(["lengths=[256,128]", "training.model.contextLength=127", "observedTexts=0"]) == """
        scale tiny: 3 problems
          --set lengths=[256,128]: lengths: [256, 128] do not rise from training.model.contextLength 127
          --set training.model.contextLength=127: training.model.contextLength: 127 is odd; a block is half of it
          --set observedTexts=0: observedTexts: 0 is not positive
        """)
    #expect(
      words(["lengths=[128,8192]"])
        == "--set lengths=[128,8192]: lengths: 8192 is more than 32 times 128, where the decay of xPos ends")
  }
}
