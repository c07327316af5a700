import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("What goes wrong is said in words, with the exit code that scripts look at")
struct MisuseTests {
  /// A command that fails, its exit code, and the first line that it says; a config's problems follow on further lines.
  struct Case: CustomTestStringConvertible, Sendable {
    let command: String
    let code: Int32
    let errors: String
    var testDescription: String { command }

    init(_ command: String, _ code: Int32, _ errors: String) {
      (self.command, self.code, self.errors) = (command, code, errors)
    }
  }

  static let failures = [
    Case("corpus show nothing", 1, "Error: DIR/nothing: cannot open: no such file or directory"),
    Case(
      "corpus show tiny.yaml", 1,
      "Error: DIR/tiny.yaml: the ending is not one that holds documents. "
        + "Use .jsonl or .txt, alone or followed by .gz or .zst."),
    Case("shard show texts", 1, "Error: DIR/texts/manifest.json: cannot read: no such file or directory"),
    Case("run show texts", 1, "Error: texts: is not the folder of a run. 'grove run list' shows the runs."),
    Case(
      "run batch nothing --step 1", 1, "Error: nothing: is not the folder of a run. 'grove run list' shows the runs."),
    Case("model inspect nothing", 1, "Error: DIR/nothing: is not a folder. A model is a folder with config.json."),
    Case("model inspect texts", 1, "Error: DIR/texts/config.json: cannot read: no such file or directory"),
    Case(
      "model attention nothing --text a", 1,
      "Error: DIR/nothing: is not a folder. A model is a folder with config.json."),
    Case(
      "model convert nothing out.gguf --format gguf --dtype float32", 1,
      "Error: DIR/nothing: is not a folder. A model is a folder with config.json."),
    Case(
      "eval perplexity nothing --data shards", 1,
      "Error: DIR/nothing: is not a folder. A model is a folder with config.json."),
    Case("train missing.yaml --run run", 1, "Error: DIR/missing.yaml: cannot read: no such file or directory"),
    Case(
      "train --run run", 1, "Error: data.folder: no data set is named. Give a folder that 'grove shard build' made."),
    Case(
      "train tiny.yaml --run run --set training.batchsize=8", 1,
      "Error: --set training.batchsize=8: training.batchsize: unknown key; did you mean 'batchSize'?"),
    Case(
      "train tiny.yaml --run run --set training", 1,
      "Error: --set training: there is no '='. Write it as --set model.heads=8."),
    Case(
      "train tiny.yaml --run run --set training.steps=many", 1,
      "Error: --set training.steps=many: training.steps: expected an integer, found the text 'many'"),
    Case(
      "train tiny.yaml --run run --set model.width=14", 1,
      "Error: DIR/tiny.yaml:1: model.attention.headWidth: 7 is odd; rotary positions turn pairs"),
    Case(
      "train tiny.yaml --run run --set data.folder=texts", 1,
      "Error: DIR/texts/manifest.json: cannot read: no such file or directory"),
    Case(
      "train tiny.yaml --run run --dry-run --set data.domains=[wasps]", 1,
      "Error: DIR/shards: there is no train shard of the domain 'wasps'. There are: ants, bees."),
    Case(
      "train tiny.yaml --run run --set training.steps=9000000000000000000", 1,
      "Error: --set training.steps=9000000000000000000: training.steps: 5.76e+20 tokens are more than a run can count"),
    Case(
      "train tiny.yaml --run run --dry-run --set model.feedForwardWidth=9000000000000000000", 1,
      "Error: --set model.feedForwardWidth=9000000000000000000: model.feedForwardWidth: "
        + "9000000000000000000 is more than 16777216"),
    Case(
      "train tiny.yaml --run run --set training.threads=3000000000", 1,
      "Error: --set training.threads=3000000000: training.threads: 3000000000 is more than 1024"),
    Case(
      "bench train --set threads=3000000000", 1,
      "Error: --set threads=3000000000: threads: 3000000000 is more than 1024"),
    Case(
      "train tiny.yaml --run run --set training.steps=9223372036854775807 --set training.schedule.warmupSteps=-1 "
        + "--set training.schedule.shape=warmupStableDecay", 1,
      "Error: --set training.schedule.warmupSteps=-1: training.schedule.warmupSteps: -1 is outside 0...steps"),
    Case(
      "shard build texts --tokenizer shards --out made --workers 9000000000000000000", 1,
      "Error: workers: 9000000000000000000 is outside 1...1024"),
    Case("generate m --repetition-penalty 1e-300", 1, "Error: repetitionPenalty: 1e-300 is outside [0.01, 100]"),
    Case("generate m --temperature 0 --top-p 7", 1, "Error: topP: 7.0 is outside (0, 1]"),
    Case(
      "generate m --temperature 0 --top-k=-1 --min-p 2 --repetition-penalty 0", 1,
      "Error: topK: -1 is negative; minP: 2.0 is outside [0, 1]; repetitionPenalty: 0.0 is outside [0.01, 100]"),
  ]

  static let misuses = [
    Case("train tiny.yaml", 64, "Error: Missing expected argument '--run <run>'"),
    Case("train tiny.yaml --run run --device gpu", 64, "Error: --device: 'gpu' is not cpu, cuda, cuda:N or mps"),
    Case("eval perplexity m", 64, "Error: give either --data or --documents"),
    Case("eval perplexity m --data d --device gpu", 64, "Error: --device: 'gpu' is not cpu, cuda, cuda:N or mps"),
    Case("eval perplexity m --data d --stride=-1", 64, "Error: --stride: -1 is negative"),
    Case("eval perplexity m --data d --context-length=-1", 64, "Error: --context-length: -1 is negative"),
    Case(
      "eval perplexity m --data d --context-length 1000000000000000000", 64,
      "Error: --context-length: 1000000000000000000 is more than 16777216"),
    Case(
      "eval perplexity m --data d --stride 1000000000000000000", 64,
      "Error: --stride: 1000000000000000000 is more than 16777216"),
    Case("demo --steps 5000000000000000000", 64, "Error: --steps: 5000000000000000000 is more than 1000000"),
    Case("demo --seed=-1", 64, "Error: --seed: -1 is negative"),
    Case("corpus show texts --domain file:x", 64, "Error: --domain: 'file:x' is not file, field:KEY or fixed:NAME"),
    Case("corpus show texts --broken-lines ignore", 64, "Error: --broken-lines: 'ignore' is not skip or fail"),
    Case(
      "model convert m out --format onnx --dtype float32", 64,
      "Error: The value 'onnx' is invalid for '--format <format>'. Please provide one of 'safetensors' and 'gguf'."),
    Case("fly", 64, "Error: Unexpected argument 'fly'"),
    Case("generate m --device gpu", 64, "Error: --device: 'gpu' is not cpu, cuda, cuda:N or mps"),
  ]

  @Test(
    "Every failure has its whole message on one line of standard error, nothing on standard output, and leaves nothing behind"
  )
  func failuresAndMisuses() throws {
    try GroveTool.with { tool in
      _ = try TinyTraining(tool)
      let before = try FileManager.default.subpathsOfDirectory(atPath: tool.folder.path).sorted()
      for example in MisuseTests.failures + MisuseTests.misuses {
        let result = try tool(example.command.split(separator: " ").map(String.init))
        #expect(result.code == example.code, "\(example.command)")
        #expect(result.errors.split(separator: "\n").first.map(String.init) == example.errors, "\(example.command)")
        #expect(result.output == "", "\(example.command)")
      }
      #expect(try FileManager.default.subpathsOfDirectory(atPath: tool.folder.path).sorted() == before)
    }
  }

  @Test("A file of ids that is not one is refused with what is wrong")
  func ids() throws {
    try GroveTool.with { tool in
      let model = Fixtures.url("models/llama-tied").path
      for (text, message) in [
        ("[[1, 2], [3]]", "ids.json: is not a list of equally long lists of ids"),
        ("[]", "ids.json: is not a list of equally long lists of ids"),
        ("[[]]", "ids.json: is not a list of equally long lists of ids"),
        ("{\"ids\": [[1]]}", "ids.json: is not a list of equally long lists of ids"),
        ("[[1, 2.5]]", "ids.json: is not a list of equally long lists of ids"),
        ("[[1, \"2\"]]", "ids.json: is not a list of equally long lists of ids"),
        ("[[1, 64000]]", "ids.json: the id 64000 is outside 0..<"),
        ("[[1, -1]]", "ids.json: the id -1 is outside 0..<"),
        ("[[1, 2]", "DIR/ids.json: not JSON at line 1, column 8: "),
      ] {
        try FileSystem.write(text, to: tool.path("ids.json"))
        let result = try tool("model", "logits", model, "--ids", "ids.json", "--out", "out.safetensors")
        #expect(result.code == 1, "\(text)")
        #expect(result.errors.hasPrefix("Error: \(message)"), "\(text): \(result.errors)")
        #expect(!FileSystem.exists(tool.path("out.safetensors")))
      }
    }
  }

  @Test("The ids of a decoder are for models that have one apart, and those need them")
  func decoderIds() throws {
    try GroveTool.with { tool in
      for (name, arguments, message) in [
        ("t5", [], "MODEL is an encoder-decoder. Name the ids that its decoder reads."),
        ("bert", ["--decoder-ids", "MODEL/ids.json"], "MODEL has no decoder apart. Leave it out."),
      ] as [(String, [String], String)] {
        let model = Fixtures.url("models/\(name)").path
        let result = try tool(
          ["model", "logits", model, "--ids", "\(model)/ids.json", "--out", "out.safetensors"]
            + arguments.map { $0.replacing("MODEL", with: model) })
        #expect(result.code == 1)
        #expect(result.errors.replacing(model, with: "MODEL") == "Error: --decoder-ids: \(message)\n")
      }
      let t5 = Fixtures.url("models/t5").path
      let written = try tool("generate", t5, "--prompt", "a")
      #expect(written.code == 1 && written.errors.contains("model_type \"t5\" is not one of llama, "))
      #expect(try tool("model", "inspect", t5, "--json").json["parameters"]?.integerValue ?? 0 > 10_000)
    }
  }

  @Test("Documents without text are told, not a crash; one document is judged")
  func emptyDocuments() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("run", "--set", "training.steps=5")).code == 0)
      let model = "run/checkpoints/step-00000005"
      try FileSystem.write("{\"id\": \"a\", \"text\": \"\"}\n", to: tool.path("empty.jsonl"))
      let empty = try tool("eval", "perplexity", model, "--documents", "empty.jsonl", "--quiet")
      #expect(empty.code == 1)
      #expect(empty.errors == "Error: documents: there is none with text\n")
      try FileSystem.write("{\"id\": \"a\", \"text\": \"one\"}\n", to: tool.path("one.jsonl"))
      #expect(try tool("eval", "perplexity", model, "--documents", "one.jsonl").code == 0)
    }
  }

  @Test("A step outside the run, and a run whose data has gone, are named")
  func batches() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("run", "--set", "training.steps=5")).code == 0)
      for step in [0, 6] {
        let result = try tool("run", "batch", "run", "--step", "\(step)")
        #expect(result.code == 1)
        #expect(result.errors == "Error: step: \(step) is outside 1...5\n")
      }
      let other = try TinyCorpus(in: tool.path("other"), seed: 2)
      let wrong = try tool("run", "batch", "run", "--step", "1", "--data", other.shards.path)
      #expect(wrong.code == 1)
      #expect(wrong.errors == "Error: DIR/other/shards: is not the data set of this run. Give it with --data.\n")
      try FileSystem.rename(tool.path("shards"), to: tool.path("moved"))
      #expect(try tool("run", "batch", "run", "--step", "1").code == 1)
      #expect(try tool("run", "batch", "run", "--step", "1", "--data", "moved").code == 0)
    }
  }
}
