public import ArgumentParser
import Foundation
import GroveCore
import GroveModel
import GroveTensor
public import GroveTrain

extension TrainingBenchmarkConfig.Shape: ExpressibleByArgument {}

struct BenchTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Measure the training step.",
    discussion: """
      A step is forward, loss, backward, clipping at 1 and AdamW, from memory. With --peer, Grove and PyTorch start \
      from the same weights, see the same batches, and must have the same losses.
      """)

  /// PyTorch as it can be run.
  enum Peer: String, CaseIterable, ExpressibleByArgument {
    /// With the system's allocator, as most people do.
    case eager
    /// Eager, with tcmalloc preloaded.
    case tcmalloc
    /// torch.compile, with tcmalloc preloaded: at its best.
    case compiled
    case all
  }

  @Option(help: "1m, 2.5m, 14m or 124m.") var shape = TrainingBenchmarkConfig.Shape.million1
  @Option(help: "float32 or bfloat16.") var precision = Precision.float32
  @Option(name: .customLong("set"), help: "Change the shape: --set model.width=256, --set batchSize=4.")
  var overrides: [String] = []
  @Option(help: "Measured steps; 12, or 4 with --quick.") var steps: Int?
  @Option(help: "Steps before them; 3, or 2 with --quick.") var warmUp: Int?
  @Option(help: "Threads of an operator; 0 takes the machine's cores.") var threads = 0
  @OptionGroup var hardware: DeviceOption
  @Option(help: "A folder to start from (see Benchmarks/peers/start.py); it decides the shape.") var start: String?
  @Option(help: "Also measure PyTorch: eager, tcmalloc, compiled or all.") var peer: Peer?
  @Option(help: "Instead, train so many models at once with a thread each, and compare with one alone.")
  var experts: Int?
  @OptionGroup var options: BenchOptions

  func validate() throws {
    if let experts, experts < 2 { throw ValidationError("--experts: \(experts) is below 2") }
    if experts != nil, peer != nil || start != nil || threads != 0 {
      throw ValidationError("--experts: goes without --peer, --start and --threads")
    }
    if start != nil, peer != nil { throw ValidationError("--start and --peer: with --peer the start is made here") }
  }

  func run() throws {
    var config = TrainingBenchmarkConfig(shape)
    config.precision = precision
    config.steps = steps ?? (options.quick ? 4 : config.steps)
    config.warmupSteps = warmUp ?? (options.quick ? 2 : config.warmupSteps)
    config.threads = threads
    config = try .load(yaml: config.yaml(), at: "--shape \(shape.rawValue)", overrides: overrides)
    if let experts { return try compareExperts(config, experts) }
    let begin = try start.map { try BenchmarkStart(folder: URL(filePath: $0)) } ?? BenchmarkStart(config)
    config.model = begin.model.config
    config.batchSize = begin.batchSize
    guard let peer else {
      let measured = try TrainingBenchmark.run(config, from: begin, device: hardware.device)
      if options.output.json, options.results == nil { return print(try measured.benchmarkJSON().text) }
      return try show(config, ["grove"], [[measured]])
    }
    try compare(config, begin, peer == .all ? [.eager, .tcmalloc, .compiled] : [peer])
  }

  /// Grove and the peers in turn, all from one folder.
  private func compare(_ config: TrainingBenchmarkConfig, _ begin: BenchmarkStart, _ peers: [Peer]) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-bench-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try begin.write(to: folder)
    let shared = [
      "--start", folder.path, "--steps", "\(config.steps)", "--warm-up", "\(config.warmupSteps)", "--device",
      hardware.name,
    ]
    let ours =
      ["bench", "train", "--precision", config.precision.rawValue, "--threads", "\(config.threads)"]
      + ["--set", "learningRate=\(config.learningRate)", "--set", "seed=\(config.seed)"] + shared
    var contestants: [(name: String, run: () throws -> TrainingMeasurement)] = [
      ("grove", { try BenchProcess.grove(ours) })
    ]
    for peer in peers {
      // On a GPU the system's allocator hardly matters.
      let preload = peer == .eager || hardware.device != .cpu ? [:] : ["LD_PRELOAD": try BenchProcess.tcmalloc()]
      var theirs = shared + ["--dtype", config.precision == .float32 ? "fp32" : "bf16"]
      theirs += ["--learning-rate", "\(config.learningRate)"]
      if config.threads > 0 { theirs += ["--threads", "\(config.threads)"] }
      if peer == .compiled { theirs.append("--compile") }
      contestants.append(
        ("torch \(peer.rawValue)", { try BenchProcess.peer("train.py", theirs, environment: preload) }))
    }
    let measured = try options.takingTurns(contestants)
    for peer in measured.dropFirst() {
      for (ours, theirs) in zip(measured[0], peer) { try ours.requireSameWork(as: theirs) }
    }
    try show(config, contestants.map(\.name), measured)
  }

  /// Several models at once, one alone on a thread, and one alone on as many threads, in turn.
  private func compareExperts(_ config: TrainingBenchmarkConfig, _ count: Int) throws {
    var shared = ["bench", "train", "--shape", shape.rawValue, "--precision", config.precision.rawValue]
    shared += ["--steps", "\(config.steps)", "--warm-up", "\(config.warmupSteps)", "--device", hardware.name]
    shared += overrides.flatMap { ["--set", $0] }
    func arm(_ models: Int, threads: Int) -> (name: String, run: () throws -> [TrainingMeasurement]) {
      let name = "\(models) at once, \(threads) \(threads == 1 ? "thread" : "threads") each"
      return (
        name,
        { [shared] in
          try BenchProcess.together(
            (1...models).map { shared + ["--threads", "\(threads)", "--set", "seed=\($0)"] })
        }
      )
    }
    let arms = [arm(count, threads: 1), arm(1, threads: 1), arm(1, threads: count)]
    let measured = try options.takingTurns(arms)
    let summary = try ExpertsSummary(
      config, arms: zip(arms, measured).map { ExpertsSummary.Arm(name: $0.name, rounds: $1) })
    let command =
      "grove bench train --shape \(shape.rawValue) --precision \(config.precision.rawValue) --experts \(count)"
      + overrides.map { " --set \($0)" }.joined() + " --rounds \(options.roundCount) --steps \(config.steps)"
    try options.show(try summary.report(command: command))
  }

  private func show(
    _ config: TrainingBenchmarkConfig, _ names: [String], _ measured: [[TrainingMeasurement]]
  ) throws {
    let summary = try TrainingSummary(config, names: names, measured: measured)
    var command = "grove bench train --shape \(shape.rawValue) --precision \(config.precision.rawValue)"
    for override in overrides { command += " --set \(override)" }
    if let peer { command += " --peer \(peer.rawValue) --rounds \(options.roundCount) --steps \(config.steps)" }
    try options.show(try summary.report(command: command))
  }
}
