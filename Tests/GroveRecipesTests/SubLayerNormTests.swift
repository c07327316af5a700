import GroveCore
import GroveRecipes
import Testing

@Suite("Norms inside the parts, as an experiment")
struct SubLayerNormTests {
  @Test("A patch is known by its places: bit r·patch + c is row r, column c")
  func patches() {
    let images = GlyphImages(side: 4, patch: 2, noise: 0)
    #expect(images.length == 4 && images.vocabularySize == 16)
    let image = [
      true, false, false, false,
      false, false, true, true,
      false, true, true, true,
      false, true, true, true,
    ]
    #expect(images.tokens(image) == [1, 12, 10, 15])
  }

  @Test("An image depends on key and number alone, all digits come in turn, and no two of them look alike")
  func digits() {
    let (images, key) = (GlyphImages(side: 12, patch: 2, noise: 0), RandomKey(seed: 1))
    let drawn = (0..<20).map { images.example($0, key) }
    #expect(drawn.map(\.label) == (0..<20).map { $0 % 10 })
    #expect(Set(drawn.map(\.tokens)).count == 20)
    #expect(drawn.allSatisfy { image in image.tokens.count == 36 && image.tokens.allSatisfy { (0..<16).contains($0) } })
    let again = images.example(7, key)
    #expect(again.tokens == drawn[7].tokens && again.label == 7)
    #expect(images.example(7, RandomKey(seed: 2)).tokens != again.tokens)
  }

  @Test("Ink is where strokes are: an 8 has more of it than a 1, in every drawing")
  func ink() {
    let images = GlyphImages(side: 12, patch: 2, noise: 0)
    func places(_ index: Int) -> Int {
      images.example(index, RandomKey(seed: 3)).tokens.reduce(0) { $0 + $1.nonzeroBitCount }
    }
    for drawing in 0..<20 { #expect(places(10 * drawing + 8) > 2 * places(10 * drawing + 1), "\(drawing)") }
  }

  @Test("Noise turns its share of the places")
  func noise() {
    func tokens(_ noise: Double) -> [Int64] {
      let images = GlyphImages(side: 12, patch: 2, noise: noise)
      return (0..<50).flatMap { images.example($0, RandomKey(seed: 4)).tokens }
    }
    let turned = zip(tokens(0), tokens(0.1)).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    #expect(abs(Double(turned) / (50 * 144) - 0.1) < 0.015)
  }

  @Test("A training is stable if it got below what needs no context, and stayed there")
  func stability() {
    func isStable(_ losses: [Double], steps: Int = 20) -> Bool {
      TrainingStability.isStable(losses, steps: steps, trivialNats: 2)
    }
    let falling = (0..<20).map { 3 - 0.1 * Double($0) }
    #expect(isStable(falling))
    // 2% below 2 is 1.96.
    #expect(isStable([Double](repeating: 3, count: 18) + [1.95, 1.95]))
    #expect(!isStable([Double](repeating: 3, count: 18) + [1.96, 1.98]))
    // The best tenth is 1; 5% of 2 may be lost again.
    let risen = [Double](repeating: 1.5, count: 16) + [1, 1]
    #expect(isStable(risen + [1.1, 1.09]))
    #expect(!isStable(risen + [1.1, 1.11]))
    #expect(!isStable(Array(falling.dropLast())), "a step was left out")
    #expect(!isStable(falling.dropLast() + [.nan]))
    #expect(!isStable([.infinity] + falling.dropFirst()))
  }

  @Test("A config that cannot be is refused by field")
  func refusals() {
    #expect {
      _ = try Recipes.named("magneto-subln").plan(
        .tiny,
        overrides: [
          "rates=[0.01,0.001]", "maskedBatch=0", "imageSteps=9", "maskedShare=1", "imageNoise=0.5", "imageSide=13",
        ])
    } throws: {
      "\($0)" == """
        scale tiny: 6 problems
          --set rates=[0.01,0.001]: rates: [0.01, 0.001] are not two or more rising rates
          --set maskedBatch=0: maskedBatch: 0 is not positive
          --set imageSteps=9: imageSteps: 9 is below 10; what is stable is judged by tenths of the steps
          --set maskedShare=1: maskedShare: 1.0 is outside (0, 1)
          --set imageNoise=0.5: imageNoise: 0.5 is outside [0, 0.5)
          --set imageSide=13: imageSide: 13 is not a positive multiple of patchSide 2
        """
    }
  }
}
