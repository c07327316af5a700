import GroveCore
import GroveEval

/// What the rounds of a decoding benchmark come to.
public struct DecodingSummary: Sendable {
  let config: DecodingBenchmarkConfig
  let names: [String]
  let measured: [[DecodingMeasurement]]
  /// Seconds a token after the first, of each contestant in each round.
  public let steady: BenchmarkRounds
  /// Seconds to the first token.
  public let first: BenchmarkRounds

  /// - Parameters:
  ///   - names: Grove first.
  ///   - measured: a list for each name with one measurement a round.
  public init(_ config: DecodingBenchmarkConfig, names: [String], measured: [[DecodingMeasurement]]) {
    self.config = config
    self.names = names
    self.measured = measured
    steady = BenchmarkRounds(contestants: names, costs: measured.map { $0.map { 1 / $0.tokensPerSecond } })
    first = BenchmarkRounds(contestants: names, costs: measured.map { $0.map(\.firstTokenSeconds) })
  }

  /// The table and the file.
  public func report(command: String) throws -> BenchmarkReport {
    BenchmarkReport(
      name: config.name, command: command,
      columns: [
        "engine", "new tokens/s (min–max)", "first token ms", "ready s", "resident MiB", "allocations a token",
        "same tokens",
        "times Grove's a token (min–max)", "times Grove's to the first (min–max)",
      ], rows: try names.indices.map(row), measurements: try measurements())
  }

  private func row(_ index: Int) throws -> [String] {
    let runs = measured[index]
    let rates = try Spread(runs.map(\.tokensPerSecond), from: 0, to: 1)
    let start = try Statistics.median(first.costs[index])
    let asked = runs[0].allocationsPerToken.map {
      "\(decimals($0, 0)), \(runs[0].systemAllocations ?? 0) of the system's"
    }
    let resident = runs.map(\.peakResidentBytes).max() ?? 0
    return [
      names[index], rates.text(0), decimals(start * 1e3, 1),
      decimals(try Statistics.median(runs.map(\.readySeconds)), 2),
      decimals(Double(resident) / 1_048_576, 0), asked ?? "",
      index == 0 ? "" : "\(measured[0][0].commonTokens(with: runs[0])) of \(config.newTokens)",
      index == 0 ? "" : try steady.ratio(index).text(2), index == 0 ? "" : try first.ratio(index).text(2),
    ]
  }

  private func measurements() throws -> JSONValue {
    let lists = try measured.map { runs in JSONValue.array(try runs.map { try $0.benchmarkJSON() }) }
    return [
      "config": try config.json(), "rounds": .object(zip(names, lists).map { ($0, $1) }),
      "ratios": ["steady": steady.ratiosJSON, "first": first.ratiosJSON],
    ]
  }
}
