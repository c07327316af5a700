import Foundation
import GroveCore
import GroveTesting
import GroveTokenizer
import GroveTrain
import Testing

@Suite("What the commands show", .serialized)
struct ShownTests {
  private let broken = "no document\n"

  /// `x.jsonl` with so many documents and a broken line after them, in a folder of its own.
  private func texts(_ tool: GroveTool, documents: Int) throws {
    try FileSystem.makeFolder(tool.path("broken"))
    let lines = (0..<documents).map { "{\"id\": \"\($0)\", \"text\": \"word and \($0)\"}\n" }.joined()
    try FileSystem.write(lines + broken, to: tool.path("broken/x.jsonl"))
  }

  @Test("Shards and a tokenizer tell how many lines were broken, in words and as JSON")
  func brokenLines() throws {
    try GroveTool.with { tool in
      _ = try TinyTraining(tool)
      try texts(tool, documents: 40)
      let problem = "x.jsonl:41: not JSON at column 1: unknown word; expected a value\n"
      let trained = try tool("tokenizer", "train", "broken", "--vocabulary-size", "260", "--out", "tok")
      #expect(trained.output == "260 tokens, 1 broken lines, tok/tokenizer.json\n")
      #expect(trained.errors == problem)
      let json = try tool("tokenizer", "train", "broken", "--vocabulary-size", "260", "--out", "tok", "--json").json
      #expect(json["brokenLines"] == 1)
      let built = try tool("shard", "build", "broken", "--tokenizer", "tok", "--out", "made")
      #expect(built.errors == problem)
      let fingerprint = try tool("shard", "show", "made", "--json").json["fingerprint"]?.stringValue ?? ""
      #expect(built.output.hasSuffix("\n1 broken lines\nfingerprint \(fingerprint)\n"), "\(built.output)")
      #expect(try tool("shard", "show", "made").output == built.output)
    }
  }

  @Test("On a terminal a broken line takes a line of its own, not the rest of the drawn one")
  func terminal() throws {
    try GroveTool.with { tool in
      _ = try TinyTraining(tool)
      try texts(tool, documents: 8200)
      let expected = "\r\u{1B}[Kx.jsonl:8201: not JSON at column 1: unknown word; expected a value\r\n"
      for command in [
        ["shard", "build", "broken", "--tokenizer", "shards", "--out", "made"],
        ["tokenizer", "train", "broken", "--vocabulary-size", "260", "--out", "tok"],
      ] {
        let shown = try PseudoTerminal.errors(of: command, in: tool.folder)
        #expect(shown.contains(expected), "\(shown.debugDescription)")
      }
    }
  }

  @Test("Runs are found at any depth, one in another is not, and a broken one has its error in its row")
  func runs() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      for name in ["runs/demo/run", "runs/bad", "runs/one"] {
        #expect(try tool(training.arguments(name, "--set", "training.steps=5")).code == 0)
      }
      try FileManager.default.copyItem(at: tool.path("runs/bad"), to: tool.path("runs/one/inner"))
      try FileManager.default.createSymbolicLink(at: tool.path("runs/demo/loop"), withDestinationURL: tool.path("runs"))
      try FileSystem.write("modle: {}\n", to: tool.path("runs/bad/config.yaml"))
      let error = "DIR/runs/bad/config.yaml:1: modle: unknown key; did you mean 'model'?"
      let list = try tool("run", "list", "--json")
      #expect(list.code == 0, "\(list.errors)")
      let rows = try list.json.arrayValue ?? []
      #expect(rows.map { $0["run"] } == ["bad", "demo/run", "one"])
      #expect(rows.map { $0["step"] } == [nil, 5, 5])
      #expect(rows.map { $0["error"] } == [.string(error), nil, nil])
      let lines = try tool("run", "list").output.split(separator: "\n").map(String.init)
      #expect(lines.count == 4)
      #expect(lines[0].hasPrefix("run ") && lines[0].hasSuffix("bits/byte"))
      #expect(lines[1].hasPrefix("bad ") && lines[1].hasSuffix(error))
      #expect(lines[2].hasPrefix("demo/run     5   5  "))
      #expect(try tool("run", "list", "runs/one", "--json").json.arrayValue?.map { $0["run"] } == ["one"])
      #expect(try tool("run", "list", "texts").output == "no runs in texts\n")
    }
  }

  @Test("The doctor lists the devices and the Swift of PATH beside the one that built it")
  func doctor() throws {
    try GroveTool.with { tool in
      try FileSystem.makeFolder(tool.path("bin"))
      let swift = tool.path("bin/swift")
      try FileSystem.write("#!/bin/sh\necho 'Swift version 9.8.7 (swift-9.8.7-RELEASE)'\n", to: swift)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: swift.path)
      let result = try tool.start(["doctor", "--json"], environment: ["PATH": tool.path("bin").path]).result()
      #expect(result.code == 0, "\(result.errors)")
      let json = try result.json
      #expect(json["swift on PATH"] == "9.8.7")
      #expect(json["swift"]?.stringValue?.hasPrefix("6.") == true)
      let devices = json["devices"]?.arrayValue ?? []
      #expect(devices.first?["device"] == "cpu")
      #expect(devices.first?["name"]?.stringValue?.isEmpty == false)
      #expect(devices.first?["memoryBytes"]?.integerValue == Int(ProcessInfo.processInfo.physicalMemory))
      #expect(json["problem"] == nil)
      let text = try tool.start(["doctor"], environment: ["PATH": "/nowhere"]).result()
      #expect(text.output.contains("\nswift on PATH      none\n"), "\(text.output)")
      #expect(text.output.contains("\ndevice             cpu, "), "\(text.output)")
    }
  }

  @Test("The doctor says what to do about a libtorch that does not load, and fails")
  func brokenTorch() throws {
    try GroveTool.with { tool in
      let environment = ["GROVE_LIBTORCH": tool.path("nowhere").path]
      let result = try tool.start(["doctor", "--json"], environment: environment).result()
      #expect(result.code == 1)
      let problem = try result.json["problem"]?.stringValue ?? ""
      #expect(problem.hasPrefix("libtorch: cannot load DIR/nowhere/lib/libc10."), "\(problem)")
      #expect(
        problem.hasSuffix(
          ". Run 'make setup' in Grove's folder, or set GROVE_LIBTORCH to a folder with lib/ and include/."))
      #expect(try result.json["libtorch"] == nil)
      let text = try tool.start(["doctor"], environment: environment).result()
      #expect(text.code == 1 && text.output.contains("\nproblem            \(problem)\n"), "\(text.output)")
    }
  }

  @Test("A batch whose step was not applied, or not yet reached, says so and why")
  func skippedBatch() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("run", "--set", "training.steps=5")).code == 0)
      let applied = try tool("run", "batch", "run", "--step", "2", "--json").json
      #expect(applied["applied"] == true && applied["reason"] == .null)
      let log = tool.path("run/metrics.jsonl")
      let lines = try FileSystem.read(log).split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
      let kept = lines.compactMap { line -> String? in
        guard let value = try? JSONValue(parsing: line.utf8, at: "log"), value["kind"] == "step" else { return nil }
        switch value["step"]?.integerValue {
        case 2: return #"{"kind":"skipped","step":2,"text":"the loss is not a number"}"#
        case 5: return nil
        default: return line
        }
      }
      try FileSystem.write(kept.joined(separator: "\n") + "\n", to: log)
      for (step, reason) in [(2, "the loss is not a number"), (5, "the run has not come to this step")] {
        let json = try tool("run", "batch", "run", "--step", "\(step)", "--json").json
        #expect(json["applied"] == false && json["reason"] == .string(reason))
        let text = try tool("run", "batch", "run", "--step", "\(step)").output
        #expect(text.hasPrefix("step \(step) was not applied: \(reason)\nsequence 0, epoch 0\n  "), "\(text)")
      }
      #expect(try tool("run", "batch", "run", "--step", "1").output.hasPrefix("sequence 0, epoch 0\n  "))
    }
  }

  @Test("Greedy decoding heeds the repetition penalty")
  func greedyPenalty() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("run", "--set", "training.steps=60")).code == 0)
      func ids(_ penalty: String) throws -> [Int] {
        let result = try tool(
          "generate", "run/checkpoints/step-00000060", "--prompt", "a", "--max-tokens", "12", "--temperature", "0",
          "--repetition-penalty", penalty, "--json")
        #expect(result.code == 0, "\(result.errors)")
        return try (result.json["tokens"]?.arrayValue ?? []).compactMap { $0["id"]?.integerValue }
      }
      let (plain, penalised) = try (ids("1"), ids("100"))
      #expect(Set(plain).count < plain.count, "the model repeats nothing of itself")
      #expect(Set(penalised).count == penalised.count)
    }
  }

  @Test("A short demo finds ten domains, grows a forest with the seed it is given, and compares it")
  func demo() throws {
    let corpus = URL(filePath: #filePath).appending(path: "../../../Examples/demo").standardizedFileURL.path
    try GroveTool.with { tool in
      let demo = try tool(
        "demo", "--corpus", corpus, "--steps", "20", "--seed", "2", "--out", "runs/demo", "--quiet", "--json")
      try #require(demo.code == 0, "\(demo.errors)")
      #expect(try RunConfig.load(tool.path("runs/demo/forest/seed/config.yaml")).training.seed == 2)
      let names = try demo.json["entries"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
      #expect(names == ["posterior", "posterior@1", "distance", "distance@1", "dense", "seed", "average"])
      #expect(try demo.json["samples"]?.arrayValue?.count == 10)
      #expect(try tool("run", "list", "--json").json.arrayValue?.count == 12)
    }
  }
}
