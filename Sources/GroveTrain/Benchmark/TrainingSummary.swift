import Foundation
import GroveCore
import GroveEval

/// What the rounds of a training benchmark come to.
public struct TrainingSummary: Sendable {
  let config: TrainingBenchmarkConfig
  let names: [String]
  let measured: [[TrainingMeasurement]]
  /// Median step of each contestant in each round, in seconds.
  public let rounds: BenchmarkRounds
  /// The best matrix product that any of the processes reached, in GFLOP/s: one ceiling for all.
  public let ceilingGigaflops: Double

  /// - Parameters:
  ///   - names: Grove first.
  ///   - measured: a list for each name with one measurement a round.
  public init(_ config: TrainingBenchmarkConfig, names: [String], measured: [[TrainingMeasurement]]) throws {
    self.config = config
    self.names = names
    self.measured = measured
    rounds = BenchmarkRounds(contestants: names, costs: try measured.map { try $0.map { try $0.medianSeconds } })
    ceilingGigaflops = measured.joined().map(\.ceilingGigaflops).max() ?? 0
  }

  /// Floating-point operations of a step.
  var operations: Double { config.model.trainingOperationsPerToken * Double(tokens) }
  var tokens: Int { config.batchSize * config.model.contextLength }

  /// The table and the file.
  public func report(command: String) throws -> BenchmarkReport {
    BenchmarkReport(
      name: config.name, command: command,
      columns: [
        "engine", "ms a step (p10–p90)", "tokens/s", "GFLOP/s", "of ceiling", "tensors MiB", "resident MiB",
        "allocations a step", "first to last loss", "times Grove's (min–max)",
      ], rows: try names.indices.map(row), measurements: try measurements())
  }

  private func row(_ index: Int) throws -> [String] {
    let runs = measured[index]
    let spread = try Spread(runs.flatMap(\.stepSeconds).map { $0 * 1e3 })
    let seconds = try Statistics.median(rounds.costs[index])
    let rate = operations / seconds / 1e9
    let ratio = try index == 0 ? nil : rounds.ratio(index)
    func mebibytes(_ bytes: Int?) -> String { bytes.map { text(Double($0) / 1_048_576, 0) } ?? "" }
    let asked = runs[0].allocationsPerStep.map { "\(text($0, 0)), \(runs[0].systemAllocations ?? 0) of the system's" }
    return [
      names[index], "\(text(seconds * 1e3, 1)) (\(text(spread.lower, 1))–\(text(spread.upper, 1)))",
      text(Double(tokens) / seconds, 0), text(rate, 0), text(100 * rate / ceilingGigaflops, 0) + "%",
      mebibytes(runs.compactMap(\.peakTensorBytes).max()), mebibytes(runs.map(\.peakResidentBytes).max()),
      asked ?? "", "\(text(runs[0].losses.first ?? .nan, 4)) to \(text(runs[0].losses.last ?? .nan, 4))",
      ratio.map { "\(text($0.median, 2)) (\(text($0.lower, 2))–\(text($0.upper, 2)))" } ?? "",
    ]
  }

  private func measurements() throws -> JSONValue {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let lists = try measured.map { runs in
      JSONValue.array(try runs.map { try JSONValue(parsing: encoder.encode($0), at: "measurement") })
    }
    return [
      "config": try config.json(), "ceilingGigaflops": .number(ceilingGigaflops),
      "operationsPerStep": .number(operations), "rounds": .object(zip(names, lists).map { ($0, $1) }),
      "ratios": .object(names.indices.dropFirst().map { (names[$0], .array(rounds.ratios($0).map { .number($0) })) }),
    ]
  }

  private func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
