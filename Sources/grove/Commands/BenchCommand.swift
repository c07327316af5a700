import ArgumentParser
import Foundation
import GroveCore
import GroveReport
import GroveTrain

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure Grove on this machine, and beside its peers.",
    discussion: """
      Alone, a command measures this process. With --peer it runs Grove and the peers in turn, A B A B, each in a \
      process of its own, checks that they computed the same, and compares pair by pair: a ratio above 1 says how many \
      times longer the peer took. Exit code 1 if the results differ.
      """,
    subcommands: [
      BenchTrainCommand.self, BenchDecodeCommand.self, BenchTokenizerCommand.self, BenchOperatorsCommand.self,
      BenchClusterCommand.self, BenchMergeCommand.self,
    ])
}

/// What all benchmarks can be told.
struct BenchOptions: ParsableArguments {
  @Option(help: "Rounds of A B with --peer; 5, or 2 with --quick.") var rounds: Int?
  @Flag(help: "Fewer steps and rounds: does it work, not how fast is it.") var quick = false
  @Option(help: "Folder for the result as JSON; without it the result is only shown.") var results: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let rounds, rounds < 1 { throw ValidationError("--rounds: \(rounds) is below 1") }
  }

  var roundCount: Int { rounds ?? (quick ? 2 : 5) }

  /// Runs every contestant once a round, in their order, and gives what each returned, by contestant.
  func takingTurns<Measurement>(
    _ contestants: [(name: String, run: () throws -> Measurement)]
  ) throws -> [[Measurement]] {
    var measurements = contestants.map { _ in [Measurement]() }
    for round in 1...roundCount {
      for (index, contestant) in contestants.enumerated() {
        if !output.quiet { Terminal.note("round \(round) of \(roundCount): \(contestant.name)") }
        measurements[index].append(try contestant.run())
      }
    }
    return measurements
  }

  /// Shows the table, or the JSON, and writes the result file if one is wanted.
  func show(_ report: BenchmarkReport) throws {
    let machine = BenchmarkMachine(commit: BenchProcess.commit)
    if let results {
      let file = try report.write(to: URL(filePath: results), machine)
      if !output.quiet { Terminal.note("result in \(file.relativePath)") }
    }
    output.show(report.markdown(machine), json: report.json(machine))
  }
}
