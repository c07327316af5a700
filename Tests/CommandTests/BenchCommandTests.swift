import Foundation
import GroveCore
import GroveTesting
import Testing

/// The short form of every benchmark, on the real binary, without peers.
@Suite("Benchmarks")
struct BenchCommandTests {
  /// 53k parameters: a step takes a few milliseconds.
  static let tiny = [
    "--set", "model.width=32", "--set", "model.layers=2", "--set", "model.attention.heads=2",
    "--set", "model.attention.keyValueHeads=2", "--set", "model.feedForwardWidth=64",
    "--set", "model.vocabularySize=128", "--set", "model.contextLength=32", "--set", "batchSize=2",
  ]

  @Test(
    "After the warm-up a training step takes no memory from the system, and all that is reported is finite",
    arguments: ["float32", "bfloat16"])
  func trainingStep(precision: String) throws {
    let run = try GroveTool.run(
      ["bench", "train", "--precision", precision, "--steps", "8", "--warm-up", "3", "--json"] + Self.tiny)
    #expect(run.code == 0, "\(run.errors)")
    let json = try run.json
    #expect(json["systemAllocations"]?.integerValue == 0)
    #expect(json["stepSeconds"]?.arrayValue?.count == 8)
    #expect(json["losses"]?.arrayValue?.count == 11)
    // A model that knows nothing: ln 128 = 4.85.
    let first = try #require(json["losses"]?.arrayValue?.first?.numberValue)
    #expect(abs(first - 4.85) < 0.1)
    for key in ["allocationsPerStep", "peakTensorBytes", "peakResidentBytes", "ceilingGigaflops"] {
      #expect(try #require(json[key]?.numberValue) > 0, "\(key)")
    }
  }

  @Test(
    "A token takes no memory from the system, and few tensors",
    arguments: [("float32", 1), ("bfloat16", 1), ("int8", 1), ("bfloat16", 3)])
  func decoding(precision: String, batch: Int) throws {
    let shape = Self.tiny.filter { $0 != "batchSize=2" }.dropLast()
    let run = try GroveTool.run(
      ["bench", "decode", "--precision", precision, "--batch", "\(batch)", "--json"] + shape
        + ["--set", "promptTokens=12", "--set", "newTokens=20"])
    #expect(run.code == 0, "\(run.errors)")
    let json = try run.json
    #expect(json["systemAllocations"]?.integerValue == 0)
    #expect(json["ids"]?.arrayValue?.count == 20)
    // Nine tensors a layer, a dozen around them, and what a dequantized row of the embedding takes.
    #expect(try #require(json["allocationsPerToken"]?.numberValue) <= 60)
    for key in ["firstTokenSeconds", "restSeconds", "peakResidentBytes"] {
      #expect(try #require(json[key]?.numberValue) > 0, "\(key)")
    }
  }

  @Test("Two models at once are compared with one on a thread and one on two, each with a measurement")
  func experts() throws {
    let run = try GroveTool.run(["bench", "train", "--experts", "2", "--quick", "--rounds", "1", "--json"] + Self.tiny)
    #expect(run.code == 0, "\(run.errors)")
    let arms = try #require(try run.json["measurements"]?["arms"]?.objectValue)
    #expect(arms.map(\.key) == ["2 at once, 1 thread each", "1 at once, 1 thread each", "1 at once, 2 threads each"])
    #expect(arms.map { $0.value.arrayValue?.first?.arrayValue?.count } == [2, 1, 1])
    let misuse = try GroveTool.run(["bench", "train", "--experts", "2", "--threads", "2"])
    #expect(misuse.code == 64)
    #expect(misuse.errors.hasPrefix("Error: --experts: goes without --peer, --start and --threads"))
  }

  @Test("The same command trains the same: equal losses in two processes")
  func sameLosses() throws {
    let runs = try (0..<2).map { _ in
      let run = try GroveTool.run(["bench", "train", "--quick", "--json"] + Self.tiny)
      return try run.json["losses"]
    }
    #expect(runs[0] != nil && runs[0] == runs[1])
  }

  @Test("A benchmark without --json is a Markdown table with its name, and --results keeps it")
  func table() throws {
    try Fixtures.withTemporaryFolder { folder in
      let run = try GroveTool.run(["bench", "train", "--quick", "--results", folder.path] + Self.tiny)
      #expect(run.code == 0, "\(run.errors)")
      #expect(run.output.hasPrefix("**train/llama-25k/float32/batch2/context32**\n\n| engine | ms a step (p10–p90) |"))
      let file = try #require(try FileSystem.entries(of: folder).first)
      #expect(file.lastPathComponent.hasSuffix("-train-llama-25k-float32-batch2-context32.json"))
      let json = try JSONValue(contentsOf: file)
      #expect(json["measurements"]?["rounds"]?["grove"]?.arrayValue?.count == 1)
      #expect(json["machine"]?["cores"]?.integerValue == ProcessInfo.processInfo.activeProcessorCount)
    }
  }

  @Test("Operators are timed, and compute what they should")
  func operators() throws {
    let run = try GroveTool.run(["bench", "operators", "--quick", "--json"])
    #expect(run.code == 0, "\(run.errors)")
    let json = try run.json
    // 2 · (0 + … + 15); Σ over i, j, k of (i + k)(k + j); 0 + … + 15.
    for (name, sum) in [("add", 240.0), ("matmul", 1_008_640), ("view", 120)] {
      #expect(json["sums"]?[name]?.numberValue == sum)
      #expect(json["microseconds"]?[name]?.arrayValue?.count == 5)
    }
  }

  @Test("Encoding and training of a tokenizer are timed on all documents")
  func tokenizer() throws {
    try Fixtures.withTemporaryFolder { folder in
      let text = folder.appending(path: "text.txt")
      try FileSystem.write("the cat sat on the mat", to: text)
      let encode = try GroveTool.run([
        "bench", "tokenizer", "--tokenizer", Fixtures.url("tokenizer/tokenizer.json").path, "--text", text.path,
        "--quick", "--json",
      ])
      let encoded = try JSONValue(parsing: Array(encode.output.utf8), at: "output")
      #expect(encoded["bytes"]?.integerValue == 22)
      #expect((1...22).contains(encoded["tokens"]?.integerValue ?? 0))
      let train = try GroveTool.run([
        "bench", "tokenizer", "--train", "--vocabulary-size", "258", "--text", text.path, "--quick", "--json",
      ])
      let trained = try JSONValue(parsing: Array(train.output.utf8), at: "output")
      #expect(trained["tokens"]?.integerValue == 258)
    }
  }

  @Test("Misuse is refused in words, with code 64")
  func misuse() throws {
    let cases: [([String], String)] = [
      (["train", "--shape", "2m"], "The value '2m' is invalid for '--shape <shape>'"),
      (["train", "--device", "gpu"], "--device: 'gpu' is not cpu, cuda, cuda:N or mps"),
      (["train", "--start", "x", "--peer", "eager"], "--start and --peer: with --peer the start is made here"),
      (["train", "--rounds", "0"], "--rounds: 0 is below 1"),
      (["tokenizer", "--demo"], "--tokenizer: missing; only --train needs none"),
      (["tokenizer", "--train"], "give either --text or --demo"),
      (["tokenizer", "--train", "--demo", "--repeats", "0"], "--repeats: 0 is below 1"),
      (["operators", "--calls", "0"], "--blocks and --calls must be positive"),
    ]
    for (arguments, message) in cases {
      let run = try GroveTool.run(["bench"] + arguments)
      #expect(run.code == 64, "\(arguments)")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
  }

  @Test("An unknown field of a shape is refused with the nearest name, with code 1")
  func unknownField() throws {
    let run = try GroveTool.run(["bench", "train", "--set", "model.widht=32"])
    #expect(run.code == 1)
    #expect(
      run.errors
        == "Error: --set model.widht=32: model.widht: unknown key; did you mean 'width'?\n")
  }

  @Test("Without the peers' environment the message says what to run")
  func missingEnvironment() throws {
    let run = try GroveTool.run(
      ["bench", "operators", "--peer", "--quick", "--quiet"], environment: ["GROVE_PARITY": "/nowhere"])
    #expect(run.code == 1)
    #expect(
      run.errors == """
        Error: /nowhere: the peers' Python environment is missing. Run 'scripts/parity-environment', or set \
        GROVE_PARITY to a virtual environment that has it.

        """)
  }
}
