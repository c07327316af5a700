import GroveCluster
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Domains from the command line")
struct DomainsCommandTests {
  private func corpus(_ tool: GroveTool) throws {
    for (topic, words) in [("sea", ["wave", "salt", "ship"]), ("wood", ["tree", "leaf", "moss"])] {
      let lines = (0..<12).map { number in
        "{\"id\": \"\(topic)/\(number)\", \"text\": \"\(words[number % 3]) \(words[(number + 1) % 3]) both\"}\n"
      }
      try FileSystem.makeFolder(tool.path("texts"))
      try FileSystem.write(lines.joined(), to: tool.path("texts/\(topic).jsonl"))
    }
  }

  @Test("A corpus becomes domains, the domains files, and the files shards with the same documents held out")
  func flow() throws {
    try GroveTool.with { grove in
      try corpus(grove)
      let found = try grove(
        "domains", "find", "texts", "--clusters", "2", "--dimensions", "4", "--out", "domains", "--json")
      #expect(found.code == 0, "\(found.errors)")
      let agreement = try found.json["summary"]?["agreement"]
      #expect(agreement?["purity"]?.numberValue == 1)
      let shown = try grove("domains", "show", "domains")
      #expect(shown.code == 0 && shown.output.contains("purity 1.000, NMI 1.000"))
      let assigned = try grove("domains", "assign", "domains", "texts", "--out", "split", "--json")
      #expect(try assigned.json["documents"]?.arrayValue?.compactMap(\.integerValue) == [12, 12])
      let list = try grove("domains", "assign", "domains", "texts", "--out", "list.jsonl.zst")
      #expect(list.code == 0 && FileSystem.exists(grove.path("list.jsonl.zst")))
      for (texts, shards) in [("texts", "a"), ("split/documents", "b")] {
        try grove("tokenizer", "train", "texts", "--vocabulary-size", "260", "--out", "tokenizer-\(shards)")
        let built = try grove(
          "shard", "build", texts, "--tokenizer", "tokenizer-a", "--out", shards, "--validation-share", "0.3", "--json")
        #expect(built.code == 0, "\(built.errors)")
      }
      func heldOut(_ folder: String) throws -> Int {
        let shards = try grove("shard", "show", folder, "--json").json["shards"]?.arrayValue ?? []
        return shards.filter { $0["side"]?.stringValue == "validation" }
          .reduce(0) { $0 + ($1["documents"]?.integerValue ?? 0) }
      }
      #expect(try heldOut("a") == heldOut("b"))
    }
  }

  @Test("Vectors of the user's divide documents, and decide where others go")
  func embedding() throws {
    try GroveTool.with { grove in
      try corpus(grove)
      // Even and odd documents are far apart here, whatever they say.
      let ids = ["sea", "wood"].flatMap { topic in (0..<12).map { "\(topic)/\($0)" } }
      let vectors = (0..<24).flatMap { (number: Int) -> [Float] in [Float(number % 2), Float(1 - number % 2), 0.1] }
      try SafetensorsWriter.write([.init("embeddings", Tensor(vectors, [24, 3]))], to: grove.path("v.safetensors"))
      try FileSystem.write(ids.map { $0 + "\n" }.joined(), to: grove.path("ids.txt"))
      let options = ["--embedding", "v.safetensors", "--ids", "ids.txt"]
      let found = try grove(
        ["domains", "find", "texts", "--clusters", "2", "--out", "domains", "--validation-share", "0"] + options)
      #expect(found.code == 0, "\(found.errors)")
      let assigned = try grove(["domains", "assign", "domains", "texts", "--out", "split", "--json"] + options)
      #expect(try assigned.json["documents"]?.arrayValue?.compactMap(\.integerValue) == [12, 12])
      try FileSystem.write("one\n", to: grove.path("ids.txt"))
      let refused = try grove(["domains", "assign", "domains", "texts", "--out", "again", "--json"] + options)
      #expect(refused.code == 1)
      #expect(refused.errors == "Error: ids.txt: has 1 ids for the 24 rows of v.safetensors\n")
    }
  }

  @Test("A dry run reads no document; misuse ends with 64, a folder that is there with 1")
  func refusals() throws {
    try GroveTool.with { grove in
      try corpus(grove)
      let plan = try grove("domains", "find", "texts", "--clusters", "2", "--dry-run", "--json")
      #expect(try plan.json["files"]?.integerValue == 2)
      #expect(try grove("domains", "find", "texts", "--clusters", "2").code == 64)
      #expect(try grove("domains", "find", "texts", "--clusters", "2", "--out", "o", "--method", "magic").code == 64)
      let taken = try grove("domains", "find", "texts", "--clusters", "2", "--out", "texts")
      #expect(taken.code == 1)
      #expect(taken.errors == "Error: DIR/texts: is there already. Remove it, or name another folder.\n")
      let many = try grove("domains", "find", "texts", "--clusters", "99", "--out", "o", "--quiet")
      #expect(many.code == 1 && many.errors.hasPrefix("Error: corpus: "))
      #expect(!FileSystem.exists(grove.path("o")) && !FileSystem.exists(grove.path("o.partial")))
    }
  }

  @Test("Languages are grouped, and a new one finds its parent")
  func tree() throws {
    let result = try GroveTool.run([
      "domains", "tree", "--languages", "de", "nl", "ja", "ko", "--groups", "2", "--near", "tr", "--json",
    ])
    let groups = try result.json["groups"]?.arrayValue?.map { $0.arrayValue?.compactMap(\.stringValue) ?? [] }
    #expect(groups?.count == 2 && groups?.joined().sorted() == ["de", "ja", "ko", "nl", "tr"])
    #expect(["ja", "ko"].contains(try result.json["nearest"]?["name"]?.stringValue))
  }
}
