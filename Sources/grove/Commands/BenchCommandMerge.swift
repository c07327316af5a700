import ArgumentParser
import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveReport
import GroveTensor
import GroveTrain

struct BenchMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Measure how long models take to merge, and in how much memory.",
    discussion: """
      Random models of one shape in float32, merged into a folder. With --peer, Grove and mergekit merge the same \
      folders in turn, and the results must be the same.
      """)

  /// Methods whose results can be compared.
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case linear
    /// With a base and a density of 0.5.
    case ties
  }

  @Option(help: "14m or 135m.") var shape = DecodingBenchmarkConfig.Shape.million14
  @Option(help: "linear or ties.") var method = Method.linear
  @Option(help: "Models that are merged, the base of ties not counted.") var models = 4
  @Option(help: "Threads of an operator; 0 takes the machine's cores.") var threads = 0
  @Option(help: .hidden) var config: String?
  @Flag(help: "Also measure mergekit.") var peer = false
  @OptionGroup var options: BenchOptions

  /// What one process measured: Grove's or the peer's, in the same JSON.
  struct Measurement: Codable, Equatable {
    /// With versions.
    var engine: String
    /// From the config to the finished folder.
    var seconds: Double
    /// The most memory that the process held, mapped files included.
    var peakResidentBytes: Int
  }

  func validate() throws {
    if models < 2 { throw ValidationError("--models: \(models) is below 2") }
    if !(0...Torch.mostThreads).contains(threads) {
      throw ValidationError("--threads: \(threads) is outside 0...\(Torch.mostThreads)")
    }
  }

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-bench-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    if let config {
      return print(try measure(URL(filePath: config), to: folder.appending(path: "out")).benchmarkJSON().text)
    }
    let file = try makeModels(in: folder)
    let names = ["grove", "mergekit"].prefix(peer ? 2 : 1)
    let count = try "\(threads > 0 ? threads : Torch.threads())"
    let ours = ["bench", "merge", "--config", file.path, "--threads", count]
    var contestants: [(name: String, run: () throws -> Measurement)] = [("grove", { try BenchProcess.grove(ours) })]
    if peer {
      let out = folder.appending(path: "mergekit")
      contestants.append(
        (
          "mergekit",
          {
            try FileSystem.remove(out)
            return try BenchProcess.peer(
              "merge.py", ["--config", file.path, "--out", out.path, "--threads", count])
          }
        ))
    }
    let measured = try options.takingTurns(contestants)
    if peer { try requireSame(MergeConfig.load(file), folder.appending(path: "mergekit")) }
    try show(Array(names), measured)
  }

  private func measure(_ file: URL, to out: URL) throws -> Measurement {
    if threads > 0 { try Torch.setThreads(threads) }
    let clock = ContinuousClock()
    let began = clock.now
    let plan = try MergePlan(MergeConfig.load(file))
    try ModelMerge(plan, random: RandomKey(seed: 0)).write(to: out) { _ in }
    return Measurement(
      engine: "grove \(groveVersion), libtorch \(try Torch.version())", seconds: (clock.now - began).seconds,
      peakResidentBytes: ResidentMemory.peakBytes)
  }

  /// Writes the models and the config of their merge.
  private func makeModels(in folder: URL) throws -> URL {
    let shape = DecodingBenchmarkConfig(shape).model
    func make(_ name: String) throws -> String {
      let place = folder.appending(path: name)
      try FileSystem.makeFolder(place)
      try ModelFolder.save(
        makeModel(shape, weights: .random(RandomKey(seed: 1).split(name))), endOfText: 0, to: place)
      return place.path
    }
    var config = MergeConfig()
    config.methodName = method.rawValue
    config.parameters["weight"] = .value(.number(0.5))
    if method == .ties {
      config.baseModel = try make("base")
      config.parameters["density"] = .value(.number(0.5))
    }
    config.models = try (0..<models).map { MergeModelConfig(try make("model-\($0)")) }
    let file = folder.appending(path: "merge.yaml")
    try FileSystem.write(yaml(config), to: file)
    return file
  }

  /// Only what was set: mergekit takes an empty text for a model's name.
  private func yaml(_ config: MergeConfig) throws -> String {
    let members = try config.json().objectValue ?? []
    let kept = members.filter { ["merge_method", "base_model", "models", "parameters"].contains($0.key) }
    return JSONValue.object(kept.filter { $0.value != "" }).text + "\n"
  }

  /// All but a few in a million elements are the same: of equal magnitudes at the edge of a density, either may stay.
  private func requireSame(_ config: MergeConfig, _ folder: URL) throws {
    let plan = try MergePlan(config)
    let (merge, theirs) = (ModelMerge(plan, random: RandomKey(seed: 0)), try ModelFolder.weights(folder))
    var different = 0.0
    for tensor in plan.tensors {
      let gap = try (merge.tensor(tensor.name) - theirs.tensor(tensor.name)).absolute()
      different += try gap.isGreater(than: 1e-6).cast(to: .float32).sum().item()
    }
    guard different <= 2e-6 * Double(plan.parameterCount) else {
      throw GroveError(
        .mismatch, folder.path, "\(Int(different)) of \(plan.parameterCount) weights differ from Grove's")
    }
  }

  private func show(_ names: [String], _ measured: [[Measurement]]) throws {
    let rounds = BenchmarkRounds(contestants: names, costs: measured.map { $0.map(\.seconds) })
    let rows = try names.indices.map { index in
      let seconds = try Spread(rounds.costs[index], from: 0, to: 1)
      let resident = measured[index].map(\.peakResidentBytes).max() ?? 0
      return [
        measured[index][0].engine, seconds.text(2), NumberText.fixed(Double(resident) / 1_048_576, 0),
        index == 0 ? "" : try rounds.ratio(index).text(2),
      ]
    }
    let size = (DecodingBenchmarkConfig(shape).model.parameterCount + 500_000) / 1_000_000
    var command = "grove bench merge --shape \(shape.rawValue) --method \(method.rawValue) --models \(models)"
    if peer { command += " --peer --rounds \(options.roundCount)" }
    let lists = try measured.map { runs in JSONValue.array(try runs.map { try $0.benchmarkJSON() }) }
    try options.show(
      BenchmarkReport(
        name: "merge/\(method.rawValue)/llama-\(size)M/float32/models\(models)", command: command,
        columns: ["engine", "seconds (min–max)", "resident MiB", "times Grove's (min–max)"], rows: rows,
        measurements: ["rounds": .object(zip(names, lists).map { ($0, $1) })]))
  }
}
