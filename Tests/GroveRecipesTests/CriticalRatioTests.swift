import GroveRecipes
import Testing

@Suite("Critical mixture ratio")
struct CriticalRatioTests {
  private static let ratios = [0, 0.25, 0.5, 0.75]
  private static let falling = [0, -0.1, -0.2, -0.3]

  private static func ratio(_ general: [Double], _ domain: [Double] = falling) -> CriticalRatio {
    CriticalRatio(ratios, general: general, domain: domain, tolerance: 0.05)
  }

  @Test("Worked by hand: the general loss crosses the tolerance halfway between two ratios")
  func crossing() {
    let found = Self.ratio([-0.1, 0, 0.1, 0.3])
    #expect(abs(found.value - 0.375) < 1e-12 && !found.isBound)
  }

  @Test("A loss that comes back within the tolerance counts: the largest feasible share is asked for")
  func comingBack() {
    #expect(abs(Self.ratio([0, 0.1, 0.0, 0.1]).value - 0.625) < 1e-12)
  }

  @Test("Where the largest ratio is borne, it is a bound; where none is, the ratio is 0")
  func ends() {
    #expect(Self.ratio([0, 0, 0.01, 0.05]).isBound && Self.ratio([0, 0, 0, 0]).value == 0.75)
    let none = Self.ratio([0.1, 0.2, 0.3, 0.4])
    #expect(none.value == 0 && !none.isBound)
  }

  @Test("A share at which the domain's loss does not fall is not feasible")
  func domain() {
    #expect(Self.ratio([0, 0, 0, 0], [0.1, -0.1, 0.01, 0.02]).value == 0.25)
  }
}
