import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("A forest, command by command", .serialized)
struct ForestCommandTests {
  @Test(
    "Grown, listed, judged, asked, changed: every --json is JSON, and an added expert leaves the others' bytes alone")
  func life() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 48)
      let grown = try tool(forest.growing("f", "--dense"))
      try #require(grown.code == 0, "\(grown.errors)")
      #expect(try grown.json["complete"] == true)
      let listed = try forest.json("forest", "list", "f")
      #expect(names(listed, "experts") == CommandForest.domains)
      #expect(listed["seed"]?["step"] == 24 && listed["dense"]?["step"] == 48)
      #expect(listed["experts"]?.arrayValue?.map { $0["trainingTokens"] } == [512, 512, 512])
      #expect(try forest.json("forest", "show", "f", "--verify") == listed)
      #expect(try parents(forest.json("forest", "show", "f", "bees")) == ["seed": 1])
      try judge(forest)
      try ask(forest)
      try add(to: forest)
      try change(forest)
    }
  }

  private func judge(_ forest: CommandForest) throws {
    let judged = try forest.json(
      "forest", "eval", "f", "--modes", "posterior,oracle,cached@2", "--trace", "ants/11", "--control", "twin=f")
    let entries = judged["entries"]?.arrayValue ?? []
    try #require(
      entries.compactMap { $0["name"]?.stringValue } == ["posterior", "oracle", "cached@2", "dense", "seed", "twin"])
    #expect(entries[5]["bitsPerByte"] == entries[0]["bitsPerByte"])
    // Its windows are the same for all, so that one expert costs what the dense model does, and three cost three times that.
    for cost in ["passesPerToken", "operationsPerToken"] {
      let costs = entries.compactMap { $0[cost]?.numberValue }
      #expect(costs[1] == costs[3] && abs(costs[0] / costs[3] - 3) < 1e-9, "\(cost): \(costs)")
    }
    #expect(entries[0]["routing"]?["ants"]?.arrayValue?.count == 3)
    #expect(judged["against"] == "dense" && judged["report"] == "f/report.html")
    let page = String(decoding: try FileSystem.read(forest.tool.path("f/report.html")), as: UTF8.self)
    for title in ["Routing: posterior", "posterior along the document ants/11", "Loss against training compute"] {
      #expect(page.contains(title), "\(title)")
    }
  }

  private func ask(_ forest: CommandForest) throws {
    let ask = ["forest", "generate", "f", "--prompt", "a", "--max-tokens", "4", "--seed", "1"]
    let said = try forest.tool(ask + ["--json"]).json
    #expect(said["tokens"]?.arrayValue?.count == 4)
    #expect((said["leaders"]?.objectValue ?? []).reduce(0) { $0 + ($1.value.integerValue ?? 0) } == 4)
    let shown = try forest.tool(ask)
    #expect(shown.code == 0 && shown.output == (said["text"]?.stringValue ?? "") + "\n")
    #expect(shown.errors.hasPrefix("answered by "))
  }

  private func add(to forest: CommandForest) throws {
    let before = try forest.files("f/experts")
    try forest.newDomain("moths")
    let moths = try forest.json("forest", "add", "f", "moths", "--data", "moths", "--steps", "3")
    let weights = parents(moths["forest"]?["experts"]?.arrayValue?.last)
    #expect(weights.count == 3 && abs(weights.values.reduce(0, +) - 1) < 1e-9)
    let flies = try forest.json("forest", "add", "f", "flies", "--data", "moths", "--domain", "moths", "--from", "seed")
    #expect(parents(flies["forest"]?["experts"]?.arrayValue?.last) == ["seed": 1])
    #expect(flies["forest"]?["experts"]?.arrayValue?.last?["trainingTokens"] == 512)
    let after = try forest.files("f/experts")
    #expect(after.filter { before[$0.key] != nil } == before && after.count > before.count)
    #expect(names(flies["forest"], "experts") == CommandForest.domains + ["moths", "flies"])
    let near = ["forest", "add", "f", "midges", "--data", "moths", "--domain", "moths", "--steps", "3"]
    let midges = try forest.tool(
      near + ["--from", "nearest:nl", "--languages", "ants=ko,bees=de+sv,wasps=fr", "--json"])
    #expect(midges.errors.contains("midges begins from bees: de joins nl at "))
    #expect(parents(try midges.json["forest"]?["experts"]?.arrayValue?.last) == ["bees": 1])
  }

  private func change(_ forest: CommandForest) throws {
    let before = try forest.files("f/experts")
    let removed = try forest.json("forest", "remove", "f", "bees", "flies", "midges")
    #expect(names(removed, "removed") == ["bees", "flies", "midges"])
    #expect(try forest.files("f/experts") == before)
    #expect(names(try forest.json("forest", "restore", "f", "bees"), "experts") == CommandForest.domains + ["moths"])
    #expect(try forest.files("f/experts") == before)
    let one = try forest.json("forest", "average", "f", "--out", "one", "--weights", "ants=1,bees=3")
    #expect(one["weights"]?["ants"]?.numberValue == 0.25 && one["weights"]?["bees"]?.numberValue == 0.75)
    let best = try forest.json("forest", "average", "f", "--out", "best", "--weights", "argmax", "--data", "moths")
    #expect(best["weights"]?.objectValue?.map(\.value.numberValue) == [1])
    let mixture = try forest.json("forest", "export", "f", "--out", "moe", "--router-tokens", "50")
    #expect(mixture["experts"]?.arrayValue?.count == 4 && mixture["expertsPerToken"] == 2)
    let config = try JSONValue(contentsOf: forest.tool.path("moe/config.json"))
    #expect(config["model_type"] == "mixtral" && config["num_local_experts"] == 4)
    #expect(try forest.json("eval", "perplexity", "one", "--data", "shards")["domains"]?.arrayValue?.count == 4)
  }

  private func names(_ value: JSONValue?, _ key: String) -> [String] {
    (value?[key]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
  }

  private func parents(_ member: JSONValue?) -> [String: Double] {
    let parents = member?["parents"]?.objectValue ?? []
    return Dictionary(
      uniqueKeysWithValues: parents.compactMap { parent in parent.value.numberValue.map { (parent.key, $0) } })
  }

  @Test("A dry run shows the plan, and for Slurm the scripts in the order of their numbers, and writes nothing")
  func dryRun() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 48)
      let before = try forest.files(".")
      let plan = try tool(forest.growing("f", "--dense", "--dry-run", "--executor", "slurm")).json
      #expect(plan["trainingTokens"] == 3072 && plan["parameters"]?.integerValue == 6_160 + 16 * 54)
      let jobs = plan["jobs"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
      #expect(jobs == ["seed"] + CommandForest.domains + ["dense"])
      let scripts = plan["scripts"]?.arrayValue?.compactMap(\.stringValue) ?? []
      try #require(scripts.count == 3)
      for (number, (script, size)) in zip(scripts, [1, 3, 1]).enumerated() {
        #expect(script.hasPrefix("#!/bin/bash\n#SBATCH --job-name=grove-"))
        #expect(script.contains("-000\(number + 1)\n#SBATCH --array=0-\(size - 1)\n"))
        #expect(script.contains("DIR/f/jobs/000\(number + 1)"))
      }
      #expect(scripts[1].contains("1) # bees\n  log=DIR/f/logs/experts/bees.log\n"))
      let text = try tool("forest", "grow", "forest.yaml", "--out", "f", "--dry-run")
      #expect(text.code == 0 && text.output.contains("\ntraining tokens  3,072, those of the seed and all experts\n"))
      #expect(!text.output.contains("#SBATCH"))
      #expect(try forest.files(".") == before)
    }
  }

  @Test("The documented example is a plan for any shards")
  func example() throws {
    try GroveTool.with { tool in
      _ = try CommandForest(tool, steps: 48)
      let example = Fixtures.package.appending(path: "Examples/forest.yaml").path
      let plan = try tool("forest", "grow", example, "--out", "f", "--dense", "--dry-run", "--json").json
      #expect(plan["jobs"]?.arrayValue?.count == 5 && plan["config"]?["growth"]?["batchSize"] == 4)
      // 1,400 steps of 8 sequences for the seed, and as many tokens for the experts, in whole steps of 4.
      #expect(plan["trainingTokens"]?.integerValue == 256 * (1400 * 8 + 3 * 933 * 4))
    }
  }

  @Test("Killed with SIGKILL, grower and expert, the same command ends with the bytes of an undisturbed forest")
  func killed() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 160)
      #expect(try tool(forest.growing("whole")).code == 0)
      let grower = try tool.start(forest.growing("killed"))
      #expect(try grower.waits { try forest.loggedSteps("killed/experts/ants") > 2 })
      grower.signal(SIGKILL)
      #expect(try grower.result().code == -SIGKILL)

      let again = try tool.start(forest.growing("killed"))
      #expect(try again.waits { try forest.loggedSteps("killed/experts/wasps") > 2 })
      let started = try again.errorsSoFar().firstMatch(of: /wasps started on cores? [\d, ]+ \(pid (\d+)\)/)
      kill(try #require(started.flatMap { Int32($0.1) }), SIGKILL)
      let broken = try again.result()
      #expect(broken.code == 1)
      let failure = try broken.json["failures"]?["wasps"]?.stringValue ?? ""
      #expect(failure.hasPrefix("was killed by SIGKILL, as the system does when memory runs out: "), "\(failure)")
      #expect(try broken.json["forest"]?["experts"]?.arrayValue?.count == 2)

      let last = try tool(forest.growing("killed"))
      #expect(last.code == 0, "\(last.errors)")
      #expect(try forest.manifest("killed") == forest.manifest("whole"))
      #expect(try tool("forest", "show", "killed", "--verify").code == 0)
    }
  }

  @Test("Stopped, the experts save, the command ends with 130, and from another folder it goes on without its config")
  func stopped() throws {
    try GroveTool.with { tool in
      let forest = try CommandForest(tool, steps: 160)
      let grower = try tool.start(forest.growing("f"))
      #expect(try grower.waits { try forest.loggedSteps("f/experts/ants") > 2 })
      let second = try tool(forest.growing("f"))
      #expect(second.code == 1)
      #expect(second.errors == "Error: DIR/f: another process is growing this forest. Wait for it, or stop it.\n")
      grower.signal(SIGTERM)
      let stopped = try grower.result()
      #expect(stopped.code == 130)
      #expect(try stopped.json["interrupted"]?.arrayValue?.contains("ants") == true)
      try FileSystem.makeFolder(tool.path("elsewhere"))
      let last = try GroveTool(folder: tool.path("elsewhere"))("forest", "grow", "--out", "../f", "--json")
      #expect(last.code == 0, "\(last.errors)")
      #expect(try last.json["forest"]?["experts"]?.arrayValue?.count == 3)
    }
  }
}
