import Foundation
import GroveCluster
import GroveCore
import GroveTesting
import Testing

@Suite("Trees of languages")
struct LanguageTreeTests {
  private func table(_ csv: String) throws -> FeatureTable {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "features.csv")
      try FileSystem.write(csv, to: file)
      return try FeatureTable(csv: file)
    }
  }

  private static let angles = """
    name,x,y,z
    a,1,0,
    b,10,1,
    c,1,1,
    d,1,10,
    e,0,1,5

    """

  @Test("Joins and groups of five directions, by hand")
  func byHand() throws {
    let tree = try LanguageTree(table(LanguageTreeTests.angles))
    // Angles to x: a 0°, b 5.7°, c 45°, d 84.3°, e 90° where z is not known of the others.
    #expect(tree.joins.map(\.first) == [["a"], ["d"], ["a", "b"], ["a", "b", "c"]])
    #expect(tree.joins.map(\.second) == [["b"], ["e"], ["c"], ["d", "e"]])
    #expect(abs(tree.joins[0].distance - (1 - 10 / 101.0.squareRoot())) < 1e-12)
    #expect(zip(tree.joins, tree.joins.dropFirst()).allSatisfy { $0.distance <= $1.distance + 1e-12 })
    #expect(try tree.groups(3, .tree) == [["a", "b"], ["c"], ["d", "e"]])
    #expect(try tree.groups(2, .tree) == [["a", "b", "c"], ["d", "e"]])
    #expect(try tree.groups(3, .paired) == [["a", "b"], ["c"], ["d", "e"]])
    #expect(try tree.groups(1, .paired) == [["a", "b", "c", "d", "e"]])
    #expect(try tree.nearest(to: "c", among: ["d", "a", "b"]).name == "b")
    #expect(try tree.nearest(to: "e", among: ["a", "b", "c", "d", "e"]).name == "d")
  }

  @Test("The shipped table groups relatives: 30 languages with 103 features of syntax")
  func syntax() throws {
    #expect(FeatureTable.syntax.names.count == 30 && FeatureTable.syntax.features.count == 103)
    #expect(FeatureTable.syntax.values.allSatisfy { $0.count == 103 })
    let tree = try LanguageTree(.syntax)
    #expect(tree.joins.count == 29)
    for count in [2, 4, 8, 16] {
      let groups = try tree.groups(count, .paired)
      #expect(groups.count == count && groups.joined().sorted() == FeatureTable.syntax.names.sorted())
    }
    #expect(["pl", "ru", "uk", "cs", "bg"].contains(try tree.nearest(to: "pl", among: ["ru", "ja", "tr", "de"]).name))
    #expect(try tree.nearest(to: "az", among: ["tr", "en", "fr", "zh"]).name == "tr")
    // Two groups of equal size at most double: pairs of pairs.
    let eight = try LanguageTree(.syntax, languages: ["de", "nl", "es", "it", "pl", "ru", "ja", "ko"])
    #expect(try eight.groups(4, .paired).map(\.count) == [2, 2, 2, 2])
  }

  @Test("The order of the languages does not change the groups")
  func order() throws {
    let names = FeatureTable.syntax.names
    let one = try LanguageTree(.syntax, languages: names)
    let other = try LanguageTree(.syntax, languages: names.reversed())
    for count in [2, 5, 9] { #expect(try one.groups(count, .tree) == other.groups(count, .tree)) }
  }

  @Test("Broken tables and unknown languages are refused in words")
  func refusals() throws {
    func refusal(_ csv: String) -> String? {
      message { try table(csv) }.map { String($0.drop { $0 != ":" }.dropFirst()) }
    }
    #expect(refusal("name\na\n") == "1: has no features. Begin with a row: name,feature,feature…")
    #expect(refusal("name,x\na,1\nb\n") == "3: has 1 cells, the headings are 2")
    #expect(refusal("name,x\na,1\na,2\n") == "3: the name 'a' is empty or not new")
    #expect(refusal("name,x\na,one\n") == "2: 'one' is not a number")
    #expect(
      message { try LanguageTree(.syntax, languages: ["de", "rus"]) }
        == "languages: 'rus' is not in the table; did you mean 'ru'?")
    #expect(
      message { try LanguageTree(.syntax, languages: ["de"]) }
        == "languages: a tree needs two different languages at least, got [\"de\"]")
    #expect(
      message { try LanguageTree(.syntax).groups(31, .tree) }
        == "groups: 31 is outside 1...30, the number of languages")
  }
}
