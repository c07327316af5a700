import ArgumentParser
import Foundation
import GroveCore
import GroveReport
import GroveTrain

struct BenchOperatorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operators",
    abstract: "Measure what the call of a small operator costs: an addition, a product, a view.")

  @Option(help: "Measured blocks of calls; 15, or 5 with --quick.") var blocks: Int?
  @Option(help: "Calls in a block; 20000, or 2000 with --quick.") var calls: Int?
  @Flag(help: "Also measure PyTorch from Python.") var peer = false
  @OptionGroup var options: BenchOptions

  func run() throws {
    let (blocks, calls) = (blocks ?? (options.quick ? 5 : 15), calls ?? (options.quick ? 2000 : 20_000))
    guard blocks > 0, calls > 0 else { throw ValidationError("--blocks and --calls must be positive") }
    guard peer else {
      let measured = try OperatorBenchmark.run(blocks: blocks, callsPerBlock: calls)
      if options.output.json, options.results == nil { return print(try measured.benchmarkJSON().text) }
      return try show(["grove"], [[measured]])
    }
    let shared = ["--blocks", "\(blocks)", "--calls", "\(calls)"]
    let measured: [[OperatorBenchmark.Measurement]] = try options.takingTurns([
      ("grove", { try BenchProcess.grove(["bench", "operators"] + shared) }),
      ("torch from Python", { try BenchProcess.peer("operators.py", shared) }),
    ])
    guard measured.joined().allSatisfy({ $0.sums == measured[0][0].sums }) else {
      throw GroveError(.mismatch, "operators", "the engines computed different results")
    }
    try show(["grove", "torch from Python"], measured)
  }

  private func show(_ names: [String], _ measured: [[OperatorBenchmark.Measurement]]) throws {
    var rows: [[String]] = []
    for item in OperatorBenchmark.Case.allCases {
      let times = measured.map { runs in runs.map { $0.microseconds[item.rawValue] ?? [] } }
      let rounds = BenchmarkRounds(
        contestants: names, costs: try times.map { try $0.map { try Spread($0).median } })
      for (index, name) in names.enumerated() {
        let spread = try Spread(Array(times[index].joined()))
        let ratio = try index == 0 ? nil : rounds.ratio(index)
        rows.append([
          "\(name), \(item.rawValue)", "\(NumberText.fixed(spread.median, 3))",
          "\(NumberText.fixed(spread.lower, 3))–\(NumberText.fixed(spread.upper, 3))", ratio?.text(2) ?? "",
        ])
      }
    }
    let lists = try measured.map { runs in JSONValue.array(try runs.map { try $0.benchmarkJSON() }) }
    try options.show(
      BenchmarkReport(
        name: "operators/small/float32/thread1", command: "grove bench operators\(peer ? " --peer" : "")",
        columns: ["engine, operator", "µs a call", "p10–p90", "times Grove's (min–max)"], rows: rows,
        measurements: ["rounds": .object(zip(names, lists).map { ($0, $1) })]))
  }
}
