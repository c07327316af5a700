import GroveCluster
import GroveForest
import Testing

@Suite("The expert of the nearest language")
struct RelativesTests {
  @Test("Dutch begins from the expert that has read German; a language that an expert has read, from that one")
  func nearest() throws {
    try TinyForest.with { forest in
      try forest.grow()
      let manifest = try ForestManifest(forest.folder)
      let languages = ["ants": ["ko"], "bees": ["de", "sv"], "wasps/hornets": ["fr", "es"]]
      func relative(_ language: String) throws -> ForestManifest.Relative {
        try manifest.relative(of: language, languages: languages, table: .syntax, in: forest.folder)
      }
      let dutch = try relative("nl")
      #expect(dutch.expert == "bees" && dutch.language == "de")
      let tree = try LanguageTree(.syntax, languages: ["nl", "ko", "de", "sv", "fr", "es"])
      #expect(try dutch.distance == tree.nearest(to: "nl", among: ["de"]).distance)
      let french = try relative("fr")
      #expect(french.expert == "wasps/hornets" && french.language == "fr" && french.distance == 0)
      #expect(
        forest.message { try relative("tlh") }
          == "languages: 'tlh' is not in the table; there are ar, az, bg, ca, cs, da, de, el, en, es, fi, fr and 18 more"
      )
    }
  }

  @Test("Experts that are not there and languages that nobody knows are errors")
  func unknown() throws {
    try TinyForest.with { forest in
      try forest.grow()
      let manifest = try ForestManifest(forest.folder)
      func message(_ languages: [String: [String]]) -> String {
        forest.message {
          try manifest.relative(of: "nl", languages: languages, table: .syntax, in: forest.folder)
        }
      }
      #expect(
        message([:])
          == "DIR/forest: no expert is named like a language of the table. "
          + "Say which languages the experts have read: --languages ants=LANGUAGE.")
      #expect(
        message(["moths": ["de"]])
          == "DIR/forest: the forest has no expert 'moths'. There are: ants, bees, wasps/hornets.")
    }
  }
}
