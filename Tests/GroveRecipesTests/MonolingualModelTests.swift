import GroveRecipes
import Testing

@Suite("A model for one language")
struct MonolingualModelTests {
  @Test("A config that cannot be is refused by field")
  func refusals() throws {
    let recipe = MonolingualModelRecipe()
    func message(_ overrides: String...) -> String {
      do {
        _ = try recipe.config(.smoke, overrides: overrides)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("language=fr").contains("language: there is no stream 'fr' among ko, en, de"))
    #expect(message("sizes.0.width=64").contains("sizes: the widths [64, 24, 32] do not rise"))
    #expect(message("tokenizerSize=100").contains("tokenizerSize: 100 is below 257"))
    #expect(message("sizes.1.heads=5").contains("sizes.1.width: 32 is not a multiple of attention.heads 5"))
  }
}
