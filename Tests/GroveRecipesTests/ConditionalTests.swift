import GroveCore
import GroveRecipes
import Testing

@Suite("Conditional computation as an experiment")
struct ConditionalTests {
  private static let text = [UInt8]((0..<1000).map { UInt8($0 % 251) })

  @Test("Every question is answered by the facts in its text: a name by one, a key by two")
  func facts() throws {
    let texts = NeedleTexts(Self.text)
    for index in 0..<100 {
      let example = texts.example(length: 128, RandomKey(seed: 1).split(index))
      #expect(example.tokens.count == 128 && example.questions.count == 8 && example.answers.count == 8)
      // A reader of its own: 16 ids say where a key is, 32 what a name holds; 4 keys, 4 names and 8 values follow.
      var (places, values): ([Int64: Int64], [Int64: Int64]) = ([:], [:])
      for token in example.tokens where token >= 256 {
        if token < 272 {
          #expect(places.updateValue((token - 256) % 4, forKey: (token - 256) / 4) == nil)
        } else {
          #expect(values.updateValue((token - 272) % 8, forKey: (token - 272) / 8) == nil)
        }
      }
      #expect(places.count == 4 && values.count == 4 && Set(places.values).count == 4)
      #expect(example.questions.sorted() == Array(304..<312))
      for (place, (question, answer)) in zip(example.questions, example.answers).enumerated() {
        #expect(example.takesTwo(place) == (question < 308))
        let name = try #require(question < 308 ? places[question - 304] : question - 308)
        #expect(try #require(values[name]) + 312 == answer)
      }
      #expect(example.needles == example.tokens.indices.filter { example.tokens[$0] >= 256 })
      #expect(example.needles.enumerated().allSatisfy { $1 / 16 == $0 }, "one in each eighth of the text")
    }
  }

  @Test("Facts have ids of their own")
  func ids() {
    #expect(NeedleTexts.place(key: 0, name: 0) == 256 && NeedleTexts.place(key: 3, name: 3) == 271)
    #expect(NeedleTexts.holding(name: 0, value: 0) == 272 && NeedleTexts.holding(name: 3, value: 7) == 303)
    #expect(NeedleTexts.vocabulary == 320)
  }

  @Test("The same key gives the same text, and another key another")
  func keys() {
    let texts = NeedleTexts(Self.text)
    let first = texts.example(length: 128, RandomKey(seed: 1))
    #expect(first.tokens == texts.example(length: 128, RandomKey(seed: 1)).tokens)
    #expect(first.tokens != texts.example(length: 128, RandomKey(seed: 2)).tokens)
  }

  @Test("The plan counts the texts of all stages, and routed arms fewer operations than the dense one")
  func plan() throws {
    let plan = try ConditionalRecipe().plan(.smoke, overrides: [])
    #expect(plan.arms.map(\.name) == ["dense", "conditional", "random", "costs"])
    #expect(plan.arms[0].tokens == 3 * 2 * 128 + 2 * 256)
    #expect(plan.arms[1].operations < plan.arms[0].operations && plan.arms[1].operations == plan.arms[2].operations)
    // Four kinds of matrices, and routers of 16 numbers: two for attention, one for the feed-forward layer, in two blocks.
    #expect(plan.arms[1].parameters - plan.arms[2].parameters == 2 * 3 * 16)
  }

  @Test("A config that cannot be is refused by field")
  func refusals() {
    func message(_ overrides: String...) -> String {
      do {
        _ = try ConditionalRecipe().config(.smoke, overrides: overrides)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("stages.0.length=7").contains("stages.0.length: 7 positions hold no 8 facts"))
    #expect(message("model.routing.kind=learned").contains("model.routing.kind: the arms choose it"))
    #expect(message("model.vocabularySize=257").contains("model.vocabularySize: 257 is not 320, that of the texts"))
    #expect(message("timedLengths=[512, 256]").contains("timedLengths: [512, 256] are not rising lengths"))
    #expect(message("timedRounds=1").contains("timedRounds: 1 has no interval; give 2 or more"))
    #expect(message("stages.1.steps=0").contains("stages.1.steps: 0 is not positive"))
  }
}
