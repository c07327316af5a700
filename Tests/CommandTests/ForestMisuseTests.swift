import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("What a forest refuses", .serialized)
struct ForestMisuseTests {
  @Test(
    "Misuse is said before anything is read, with exit code 64",
    arguments: [
      ("grow forest.yaml", "Missing expected argument '--out <out>'"),
      ("grow forest.yaml --out f --slurm s.yaml", "--slurm and --slurm-set are for --executor slurm"),
      (
        "add f x --data d --from nearest",
        "--from: 'nearest' is not posterior, argmax, uniform, seed, expert:NAME, nearest:LANGUAGE or weights:NAME=W,…"
      ),
      ("add f x --data d --from weights:ants", "--from: 'ants' is not NAME=NUMBER"),
      ("add f x --data d --languages a=nl", "--languages: only --from nearest:LANGUAGE reads it"),
      ("add f x --data d --from nearest:nl --languages nl", "--languages: 'nl' is not EXPERT=LANGUAGE+LANGUAGE"),
      ("add f x --data d --steps 0", "--steps: 0 is not positive"),
      ("eval f --model dense", "--model: 'dense' is not NAME=FOLDER"),
      ("eval f --tokens-per-domain=-1", "--tokens-per-domain: -1 is negative"),
      ("eval f --control f", "--control: 'f' is not NAME=FOLDER"),
      ("eval f --modes ,", "--modes: names no way to use the forest"),
      (
        "average f --out a --weights posterior",
        "--data: --weights posterior is estimated on documents; name a folder of shards"
      ),
      ("average f --out a --data d", "--data: --weights uniform reads no documents"),
      ("export f --out a --router-tokens 0", "--router-tokens: 0 is not positive"),
      ("generate f --resident-experts=-1", "--resident-experts: -1 is negative"),
      ("average f --out a --weights ants", "--weights: 'ants' is not NAME=NUMBER"),
    ])
  func misuse(command: String, problem: String) throws {
    let result = try GroveTool.run(["forest"] + command.split(separator: " ").map(String.init))
    #expect(result.code == 64)
    #expect(result.errors.hasPrefix("Error: \(problem)\n"), "\(result.errors)")
  }

  @Test("What cannot grow is refused with exit code 1, and nothing is written")
  func growth() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 48)
      let before = try forest.files(".")
      let cases = [
        ("grow forest.yaml --out texts", "DIR/texts: holds 'ants.jsonl', but is no forest. Name another folder."),
        (
          "grow forest.yaml --out f --set growth.seedshare=0.1",
          "--set growth.seedshare=0.1: growth.seedshare: unknown key; did you mean 'seedShare'?"
        ),
        (
          "grow forest.yaml --out f --only moths",
          "DIR/f: the config has no domain 'moths'. There are: ants, bees, wasps."
        ),
        (
          "grow forest.yaml --out f --executor slurm --slurm-set pollSeconds=0",
          "--slurm-set pollSeconds=0: pollSeconds: 0.0 is outside 0.1...3600"
        ),
        (
          "list texts", "DIR/texts: is not the folder of a forest. 'grove forest grow CONFIG --out FOLDER' makes one."
        ),
        (
          "generate texts",
          "DIR/texts: is not the folder of a forest. 'grove forest grow CONFIG --out FOLDER' makes one."
        ),
      ]
      for (command, problem) in cases {
        let result = try tool(["forest"] + command.split(separator: " ").map(String.init))
        #expect(result.code == 1, "\(command)")
        #expect(result.errors == "Error: \(problem)\n")
      }
      #expect(try forest.files(".").filter { $0.key != "texts/.lock" } == before)
    }
  }

  @Test("What a grown forest refuses is said in words, and the forest stays as it is")
  func use() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 16)
      try #require(try tool(forest.growing("f")).code == 0)
      try forest.newDomain("moths")
      try forest.newDomain("strangers", vocabularySize: 280)
      try #require(try tool("forest", "remove", "f", "wasps").code == 0)
      let before = try forest.files("f")
      for (command, problem) in ForestMisuseTests.refusals {
        let result = try tool(["forest"] + command.split(separator: " ").map(String.init))
        #expect(result.code == 1, "\(command)")
        let errors = result.errors.replacing(/[0-9a-f]{12}…/, with: "HASH")
        #expect(errors == "Error: \(problem)\n", "\(command)")
      }
      #expect(try forest.files("f") == before)
    }
  }

  private static let refusals = [
    ("show f moths", "DIR/f: the forest has no expert 'moths'. There are: ants, bees."),
    ("show f wasps", "DIR/f: the forest has no expert 'wasps'. It was removed; 'grove forest restore' takes it back."),
    ("remove f ants moths", "DIR/f: the forest has no expert 'moths'. There are: ants, bees."),
    ("restore f bees", "DIR/f: no expert 'bees' was removed. There are: wasps."),
    ("add f ants --data moths", "DIR/f: the forest has a member 'ants' already. Give another name."),
    ("add f dense --data moths --domain moths", "DIR/f: the forest has a member 'dense' already. Give another name."),
    (
      "add f wasps --data moths --domain moths",
      "DIR/f: the expert 'wasps' was removed, and its run is still there. "
        + "Take it back with 'grove forest restore', or give another name."
    ),
    ("add f flies --data moths", "DIR/moths: there is no train shard of the domain 'flies'. There are: moths."),
    (
      "add f moths --data moths --from expert:lice", "DIR/f: the forest has no expert 'lice'. There are: ants, bees."
    ),
    (
      "add f moths --data moths --from weights:ants=0",
      "weights: they must not be negative, and one of them must be positive"
    ),
    (
      "add f x --data strangers --domain strangers",
      "DIR/strangers: was made with another tokenizer than the forest: HASH instead of HASH. "
        + "Build the shards with the tokenizer of the forest."
    ),
    ("average f --out a --weights lice=1", "DIR/f: the forest has no expert 'lice'. There are: ants, bees."),
    ("average f --out texts", "DIR/texts: is there already. Name another folder, or remove this one."),
    (
      "eval f --modes best",
      "mode: 'best' is not a way to use a forest. There are: uniform, posterior, last-token, updating, cached, distance, "
        + "distance4, product, oracle, each with @K for the K best experts."
    ),
    (
      "eval f -q --modes distance",
      "distance: there is no clusterer to measure it. Weigh by the posterior, or give the clusterer of the forest."
    ),
    ("eval f -q --modes posterior@9", "top: 9 of 2 experts cannot be kept. Keep all."),
    (
      "eval f -q --modes oracle", "wasps/13: the oracle has no expert for the domain 'wasps'. It knows: ants, bees."
    ),
    (
      "eval f -q --trace nothing",
      "trace: no document that is judged has the id 'nothing'. There is 'ants/11', for one."
    ),
    (
      "eval f -q --modes uniform --against dense",
      "against: nothing that was judged is called 'dense'. There are: uniform, seed."
    ),
    (
      "eval f -q --data strangers",
      "DIR/strangers: was made with another tokenizer than the forest: HASH instead of HASH. "
        + "Build the shards with the tokenizer of the forest."
    ),
    (
      "average f --out a --weights argmax --data strangers",
      "DIR/strangers: was made with another tokenizer than the forest: HASH instead of HASH. "
        + "Build the shards with the tokenizer of the forest."
    ),
    (
      "add f moths --data moths --from nearest:nl",
      "DIR/f: no expert is named like a language of the table. "
        + "Say which languages the experts have read: --languages ants=LANGUAGE."
    ),
    ("export f --out a --experts-per-token 3", "experts per token: 3 is outside 1...2"),
    (
      "eval f -q --control c=texts",
      "DIR/texts: is not the folder of a forest. 'grove forest grow CONFIG --out FOLDER' makes one."
    ),
    (
      "generate f --mode cached",
      "mode: 'cached' estimates a prior on documents of a domain; a prompt has none. Use 'posterior'."
    ),
    (
      "grow forest.yaml --out f --set training.seed=5",
      "DIR/f: the forest was begun with another config: training.seed is 5, was 1. "
        + "Go on with DIR/f/forest.yaml, or begin a forest in another folder."
    ),
  ]

  @Test("An expert whose files are gone or altered is named by whoever needs it")
  func damaged() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 16)
      try #require(try tool(forest.growing("f")).code == 0)
      let checkpoint = "f/experts/bees/checkpoints/step-00000005"
      let file = tool.path("\(checkpoint)/model.safetensors")
      var bytes = try FileSystem.read(file)
      bytes[bytes.count - 1] ^= 1
      try FileSystem.write(bytes, to: file)
      let altered = try tool("forest", "show", "f", "--verify")
      #expect(altered.code == 1)
      #expect(
        altered.errors
          == "Error: DIR/\(checkpoint)/model.safetensors: was altered: its SHA-256 is not the manifest's\n")
      try FileSystem.remove(tool.path(checkpoint))
      let missing = try tool("forest", "eval", "f", "-q")
      #expect(missing.code == 1)
      #expect(missing.errors.hasPrefix("Error: DIR/\(checkpoint): "), "\(missing.errors)")
      #expect(try tool("forest", "remove", "f", "bees").code == 0)
      #expect(try tool("forest", "restore", "f", "bees").code == 1)
      #expect(try tool("forest", "eval", "f", "-q", "--modes", "uniform").code == 0)
    }
  }
}
