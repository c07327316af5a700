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
    func mebibytes(_ bytes: Int?) -> String { bytes.map { decimals(Double($0) / 1_048_576, 0) } ?? "" }
    let asked = runs[0].allocationsPerStep.map {
      "\(decimals($0, 0)), \(runs[0].systemAllocations ?? 0) of the system's"
    }
    return [
      names[index],
      "\(decimals(seconds * 1e3, 1)) (\(decimals(spread.lower, 1))–\(decimals(spread.upper, 1)))",
      decimals(Double(tokens) / seconds, 0), decimals(rate, 0),
      decimals(100 * rate / ceilingGigaflops, 0) + "%",
      mebibytes(runs.compactMap(\.peakTensorBytes).max()), mebibytes(runs.map(\.peakResidentBytes).max()),
      asked ?? "",
      "\(decimals(runs[0].losses.first ?? .nan, 4)) to \(decimals(runs[0].losses.last ?? .nan, 4))",
      ratio?.text(2) ?? "",
    ]
  }

  private func measurements() throws -> JSONValue {
    let lists = try measured.map { runs in JSONValue.array(try runs.map { try $0.benchmarkJSON() }) }
    return [
      "config": try config.json(), "ceilingGigaflops": .number(ceilingGigaflops),
      "operationsPerStep": .number(operations), "rounds": .object(zip(names, lists).map { ($0, $1) }),
      "ratios": rounds.ratiosJSON,
    ]
  }
}
