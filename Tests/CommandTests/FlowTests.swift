import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("The way from texts to a judged model, command by command", .serialized)
struct FlowTests {
  @Test("Tokenizer, shards, training, a look at the run, evaluation, generation: every --json is JSON")
  func flow() throws {
    try GroveTool.with { tool in
      _ = try TinyTraining(tool)
      func json(_ arguments: String...) throws -> JSONValue { try json(arguments) }
      func json(_ arguments: [String]) throws -> JSONValue {
        let result = try tool(arguments + ["--json", "--quiet"])
        #expect(result.code == 0, "\(arguments): \(result.errors)")
        #expect(result.errors == "", "\(arguments) is not quiet")
        return try result.json
      }
      let corpus = try json("corpus", "show", "texts")
      #expect(corpus["domains"]?.arrayValue?.compactMap { $0["domain"]?.stringValue } == ["ants", "bees"])
      #expect(
        try json("tokenizer", "train", "texts", "--vocabulary-size", "280", "--out", "tok")["vocabularySize"] == 280)
      #expect(try json("tokenizer", "show", "tok")["merges"] == 23)
      let ids = try json("tokenizer", "encode", "--tokenizer", "tok", "a 雪 b")["ids"]?.arrayValue ?? []
      let text = try json(["tokenizer", "decode", "--tokenizer", "tok"] + ids.map(\.text))["text"]
      #expect(text == "a 雪 b")
      let built = try json(
        "shard", "build", "texts", "--tokenizer", "tok", "--out", "made", "--validation-share", "0.2")
      #expect(try json("shard", "show", "made") == built)
      #expect(try json("shard", "verify", "made")["fingerprint"] == built["fingerprint"])
      let trained = try json("train", "tiny.yaml", "--run", "runs/one", "--set", "data.folder=made")
      #expect(trained["finished"] == true && trained["step"] == 60)
      let listed = try json("run", "list", "runs").arrayValue ?? []
      #expect(listed.map { $0["run"] } == ["one"])
      let shown = try json("run", "show", "runs/one")
      #expect(shown["checkpoints"] == [55, 60] && shown["bitsPerByte"] == trained["bitsPerByte"])
      #expect(try json("run", "report", "runs/one")["report"] == "runs/one/report.html")
      let checkpoint = "runs/one/checkpoints/step-00000060"
      let inspected = try json("model", "inspect", checkpoint)
      #expect(inspected["tensors"]?.arrayValue?.count == 11)
      let judged = try json("eval", "perplexity", checkpoint, "--data", "made")
      #expect(judged["domains"]?.arrayValue?.compactMap { $0["domain"]?.stringValue } == ["ants", "bees", "all"])
      let one = try json("eval", "perplexity", checkpoint, "--documents", "texts/ants.jsonl", "--stride", "4")
      #expect(one["domains"]?.arrayValue?.count == 2)
      let said = try json("generate", checkpoint, "--prompt", "a", "--max-tokens", "5", "--seed", "1")
      #expect(said["tokens"]?.arrayValue?.count == 5)
      let read = try json("model", "attention", checkpoint, "--text", "an ant", "--out", "heads.html", "--layer", "0")
      #expect(read["heads"]?.arrayValue?.count == 2)
      #expect(try String(contentsOf: tool.path("heads.html"), encoding: .utf8).contains("Layer 0, head 1"))
      #expect(try json("doctor")["libtorch"]?.stringValue != nil)
    }
  }

  @Test("The batch that 'run batch' shows is the one that training used: its loss under the first weights is step 1's")
  func batch() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(
        try tool(training.arguments("run", "--set", "checkpoints.logarithmic=true", "--set", "training.steps=6")).code
          == 0)
      let model = try ModelFolder.load(tool.path("run/checkpoints/step-00000000"))
      try model.prepare(.float32, training: false, device: .cpu)
      func loss(step: Int) throws -> Double {
        let batch = try tool("run", "batch", "run", "--step", "\(step)", "--json").json
        #expect(batch["step"]?.integerValue == step)
        let rows = (batch["sequences"]?.arrayValue ?? []).map {
          ($0["tokens"]?.arrayValue ?? []).compactMap { $0.integerValue.map(Int64.init) }
        }
        try #require(rows.count == 4 && rows.allSatisfy { $0.count == 17 })
        let tokens = try Tensor(rows.flatMap { $0.dropLast() }, [4, 16])
        let targets = try Tensor(rows.flatMap { $0.dropFirst() }, [4, 16])
        return try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference)).item()
      }
      let logged = try #require(try training.log("run", kind: "step").first?["lossNats"]?.numberValue)
      #expect(try abs(loss(step: 1) - logged) < 1e-5)
      #expect(try abs(loss(step: 2) - logged) > 1e-4)
      let text = try tool("run", "batch", "run", "--step", "1", "--text").output
      #expect(text.hasPrefix("sequence 0, epoch 0\n  0..<"))
    }
  }

  @Test(
    "Logits are the stored ones of transformers",
    arguments: ["llama-tied", "gpt2-tied", "gemma3", "neox-parallel", "bert", "t5"])
  func logits(name: String) throws {
    try GroveTool.with { tool in
      let folder = Fixtures.url("models/\(name)")
      let ids = folder.appending(path: "ids.json").path
      let decoder = name == "t5" ? ["--decoder-ids", folder.appending(path: "decoder_ids.json").path] : []
      let result = try tool(
        ["model", "logits", folder.path, "--ids", ids, "--out", "logits.safetensors", "--json"] + decoder)
      #expect(result.code == 0, "\(result.errors)")
      let logits = try SafetensorsFile(tool.path("logits.safetensors")).tensor("logits")
      let expected = try SafetensorsFile(folder.appending(path: "logits.safetensors")).tensor("logits")
      #expect(logits.dtype == .float32)
      #expect(try logits.isClose(to: expected, within: .logits))
    }
  }

  @Test("A processor without AVX-512 trains too", arguments: ["float32", "bfloat16"])
  func smallProcessor(precision: String) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let environment = ["ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"]
      let arguments = training.arguments("run", "--set", "training.precision=\(precision)", "--set", "training.steps=6")
      let result = try tool.start(arguments, environment: environment).result()
      #expect(result.code == 0, "\(result.errors)")
    }
  }

  @Test("Progress in a pipe is plain lines, and the result alone is on standard output")
  func progress() throws {
    try GroveTool.with { tool in
      _ = try TinyTraining(tool)
      let result = try tool("train", "tiny.yaml", "--run", "run")
      #expect(result.code == 0)
      for text in [result.output, result.errors] {
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
      }
      #expect(result.output.hasPrefix("finished run\nbits per byte "))
      #expect(result.output.hasSuffix(", held out\nreport run/report.html\n"))
      #expect(result.errors.hasPrefix("run: "))
      #expect(result.errors.contains("\nstep 20: "))
      let quiet = try tool("train", "tiny.yaml", "--run", "run", "--quiet")
      #expect(quiet.code == 0 && quiet.errors == "" && quiet.output == result.output)
    }
  }

  @Test("--dry-run prints the plan and writes nothing")
  func dryRun() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let before = try FileManager.default.subpathsOfDirectory(atPath: tool.folder.path).sorted()
      let plan = try tool(training.arguments("run", "--dry-run", "--set", "training.steps=7")).json
      #expect(plan["tokensPerStep"] == 64 && plan["trainingTokens"] == 448)
      #expect(plan["config"]?["training"]?["steps"] == 7)
      #expect(plan["config"]?["model"]?["vocabularySize"] == 300)
      let text = try tool("train", "tiny.yaml", "--run", "run", "--dry-run")
      #expect(text.code == 0 && text.output.contains("tokens a step    64\n"))
      #expect(try FileManager.default.subpathsOfDirectory(atPath: tool.folder.path).sorted() == before)
    }
  }

  @Test("Commands that need no tensors do not need libtorch either")
  func withoutTorch() throws {
    try GroveTool.with { tool in
      _ = try TinyTraining(tool)
      let environment = ["GROVE_LIBTORCH": tool.path("nowhere").path]
      for command in [
        ["corpus", "show", "texts"], ["tokenizer", "train", "texts", "--vocabulary-size", "260", "--out", "tok"],
        ["shard", "show", "shards"], ["shard", "verify", "shards"], ["run", "list"], ["--help"], ["--version"],
        ["train", "tiny.yaml", "--run", "run", "--dry-run"],
      ] {
        #expect(try tool.start(command, environment: environment).result().code == 0, "\(command)")
      }
      let result = try tool.start(["train", "tiny.yaml", "--run", "run"], environment: environment).result()
      #expect(result.code == 1)
      #expect(result.errors.hasPrefix("Error: "))
    }
  }
}
