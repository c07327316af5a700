import GroveCore
import GroveRecipes
import Testing

@Suite("Holographic attention as an experiment")
struct HrrformerTests {
  @Test("A list has the value of its operation")
  func operations() {
    #expect(ListOperations.Operation.maximum.value([3, 9, 1]) == 9)
    #expect(ListOperations.Operation.minimum.value([3, 9, 1]) == 1)
    #expect(ListOperations.Operation.median.value([3, 9, 1]) == 3)
    #expect(ListOperations.Operation.median.value([4, 9, 1, 7]) == 4)
    #expect(ListOperations.Operation.sumModulo10.value([3, 9, 1]) == 3)
  }

  @Test("Expressions are well formed, no longer than asked, and have the value that reading them gives")
  func expressions() throws {
    for index in 0..<200 {
      let made = ListOperations.expression(length: 40, depth: 3, RandomKey(seed: 1).split(index))
      #expect(made.tokens.count <= 40)
      var place = 0
      #expect(Self.value(made.tokens, &place) == made.value && place == made.tokens.count)
    }
  }

  /// A reader of its own.
  private static func value(_ tokens: [Int64], _ place: inout Int) -> Int {
    let token = tokens[place]
    place += 1
    if (1...10).contains(token) { return Int(token) - 1 }
    var values: [Int] = []
    while tokens[place] != 15 { values.append(value(tokens, &place)) }
    place += 1
    switch token {
    case 11: return values.max()!
    case 12: return values.min()!
    case 13: return values.sorted()[(values.count - 1) / 2]
    default: return values.reduce(0, +) % 10
    }
  }

  @Test("A config that cannot be is refused by field")
  func refusals() {
    func message(_ overrides: String...) -> String {
      do {
        _ = try HrrformerRecipe().config(.smoke, overrides: overrides)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("kinds=[python]").contains("kinds: [\"python\"] are not two or more different files"))
    #expect(message("steps=1").contains("steps: 1 cannot be judged 2 times"))
    #expect(message("timedLengths=[4, 2, 8]").contains("timedLengths: [4, 2, 8] are not three or more rising lengths"))
    #expect(message("heads=3").contains("heads: 3 does not divide width 16"))
  }
}
