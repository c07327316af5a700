import Foundation
import GroveCore
import GroveRecipes
import Testing

@Suite("Recipes: measures of depth and growth")
struct DepthRecipeTests {
  @Test("The exponent of a power law is found, whatever its factor", arguments: [-1.5, 0, 1, 2])
  func exponent(power: Double) throws {
    let places = [3.0, 6, 12, 50]
    let values = places.map { 7 * pow($0, power) }
    #expect(abs(try LogarithmicSlope.exponent(of: values, over: places) - power) < 1e-12)
  }

  @Test("A value that has no logarithm leaves no exponent", arguments: [0, -1, Double.infinity, .nan])
  func noExponent(value: Double) throws {
    #expect(try LogarithmicSlope.exponent(of: [1, value, 3], over: [1, 2, 3]).isNaN)
  }

  @Test("Single tokens cost what their counts say, worked by hand")
  func unigram() {
    // Counts 3 and 1 become 4 and 2 of 6: of four held-out tokens three are the first.
    let expected = -(3 * log(4.0 / 6) + log(2.0 / 6)) / 4
    #expect(abs(UnigramLoss.natsPerToken(heldOut: [3, 1], training: [3, 1]) - expected) < 1e-12)
    // What no training text holds costs as much as all ids alike.
    #expect(abs(UnigramLoss.natsPerToken(heldOut: [1, 5, 2], training: [0, 0, 0]) - log(3)) < 1e-12)
  }

  @Test("What does not fit together in a config about depth is refused by its field")
  func config() {
    #expect {
      _ = try Recipes.named("deepnet-deepnorm").plan(
        .tiny, overrides: ["depths=[8,8]", "probedDepths=[6,12]", "passLayers=0", "passWidth=18"])
    } throws: {
      "\($0)" == """
        scale tiny: 4 problems
          --set depths=[8,8]: depths: [8, 8] are not 2 or more rising numbers of layers
          --set probedDepths=[6,12]: probedDepths: [6, 12] are not 3 or more rising numbers of layers
          --set passLayers=0: passLayers: 0 is not positive
          --set passWidth=18: passWidth: 18 is not a multiple of the 4 heads
        """
    }
  }
}
