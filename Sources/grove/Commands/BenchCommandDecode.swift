public import ArgumentParser
import Foundation
import GroveCore
import GroveModel
import GroveTensor
public import GroveTrain

extension DecodingBenchmarkConfig.Shape: ExpressibleByArgument {}

struct BenchDecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Measure how fast text is generated.",
    discussion: """
      Greedy, from a prompt of 384 tokens to a context of 512; the first token and the others apart. With --peer, \
      Grove, transformers and llama.cpp run the same weights; int8 is Q8_0 there, and transformers then runs bfloat16.
      """)

  /// Who generates beside Grove.
  enum Peer: String, CaseIterable, ExpressibleByArgument {
    /// transformers' generate, eager, with tcmalloc preloaded.
    case transformers
    /// llama.cpp, with weights of the same precision.
    case llamaCpp = "llama.cpp"
    case all
  }

  @Option(help: "14m or 135m.") var shape = DecodingBenchmarkConfig.Shape.million14
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @Option(help: "Texts side by side.") var batch = 1
  @Option(name: .customLong("set"), help: "Change the shape: --set model.width=256, --set promptTokens=64.")
  var overrides: [String] = []
  @Option(help: "Threads of an operator; 0 takes the machine's cores.") var threads = 0
  @OptionGroup var hardware: DeviceOption
  @Option(help: "A model's folder to start from; it decides the shape.") var start: String?
  @Option(help: "Also measure transformers, llama.cpp or all.") var peer: Peer?
  @OptionGroup var options: BenchOptions

  func validate() throws {
    if start != nil, peer != nil { throw ValidationError("--start and --peer: with --peer the start is made here") }
    if precision == .float16, peer != nil { throw ValidationError("--precision: the peers do not run float16") }
  }

  func run() throws {
    var config = DecodingBenchmarkConfig(shape)
    config.precision = precision
    config.batchSize = batch
    config.threads = threads
    if let start { config.model = try ModelFolder.loadConfig(URL(filePath: start)) }
    config = try .load(yaml: config.yaml(), at: "--shape \(shape.rawValue)", overrides: overrides)
    guard let peer else {
      let measured = try DecodingBenchmark.run(config, device: hardware.device) { try model(config) }
      if options.output.json, options.results == nil { return print(try measured.benchmarkJSON().text) }
      return try show(config, ["grove"], [[measured]])
    }
    try compare(config, peer == .all ? [.transformers, .llamaCpp] : [peer])
  }

  private func model(_ config: DecodingBenchmarkConfig) throws -> any LanguageModel {
    if let start { return try ModelFolder.load(URL(filePath: start)) }
    return try makeModel(config.model, weights: .random(RandomKey(seed: UInt64(config.seed)).split("weights")))
  }

  /// Grove and the peers in turn, all with the weights of one folder.
  private func compare(_ config: DecodingBenchmarkConfig, _ peers: [Peer]) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-bench-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    try ModelFolder.save(model(config), endOfText: 0, to: folder)
    let ours = ["bench", "decode", "--start", folder.path, "--precision", precision.rawValue, "--batch", "\(batch)"]
    let settings = ["promptTokens=\(config.promptTokens)", "newTokens=\(config.newTokens)"].flatMap { ["--set", $0] }
    let shared = try ["--threads", "\(config.threads > 0 ? config.threads : Torch.threads())"]
    var contestants: [(name: String, run: () throws -> DecodingMeasurement)] = [
      ("grove", { try BenchProcess.grove(ours + settings + shared + ["--device", hardware.name]) })
    ]
    let theirs =
      shared + [
        "--batch", "\(batch)", "--prompt", "\(config.promptTokens)", "--new", "\(config.newTokens)",
      ]
    for peer in peers {
      contestants.append(
        (peer.rawValue, try contestant(peer, folder, theirs + ["--parameters", "\(config.model.parameterCount)"])))
    }
    let measured = try options.takingTurns(contestants)
    for peer in measured.dropFirst() {
      for (ours, theirs) in zip(measured[0], peer) { try ours.requireSameWork(as: theirs) }
    }
    try show(config, contestants.map(\.name), measured)
  }

  private func contestant(
    _ peer: Peer, _ folder: URL, _ arguments: [String]
  ) throws -> () throws -> DecodingMeasurement {
    if peer == .transformers {
      let environment = ["LD_PRELOAD": try BenchProcess.tcmalloc()]
      let dtype = precision == .float32 ? "fp32" : "bf16"
      let arguments = ["transformers", "--model", folder.path, "--dtype", dtype, "--device", hardware.name] + arguments
      return { try BenchProcess.peer("decode.py", arguments, environment: environment) }
    }
    let type = precision == .float32 ? "F32" : precision == .int8 ? "Q8_0" : "BF16"
    let file = folder.appending(path: "model-\(type).gguf").path
    let _: [String: String] = try BenchProcess.peer(
      "gguf_model.py", ["--model", folder.path, "--type", type, "--out", file])
    return { try BenchProcess.peer("decode.py", ["llama.cpp", "--gguf", file, "--dtype", type] + arguments) }
  }

  private func show(
    _ config: DecodingBenchmarkConfig, _ names: [String], _ measured: [[DecodingMeasurement]]
  ) throws {
    var command = "grove bench decode --shape \(shape.rawValue) --precision \(precision.rawValue) --batch \(batch)"
    for override in overrides { command += " --set \(override)" }
    if let peer { command += " --peer \(peer.rawValue) --rounds \(options.roundCount)" }
    try options.show(try DecodingSummary(config, names: names, measured: measured).report(command: command))
  }
}
