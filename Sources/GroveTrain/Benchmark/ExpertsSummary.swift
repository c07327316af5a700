import GroveCore
import GroveEval

/// Whether several small models are trained faster side by side, a thread each, than one after the other.
public struct ExpertsSummary: Sendable {
  /// How the models of a round shared the cores.
  public struct Arm: Sendable {
    /// "2 at once, 1 thread each".
    public let name: String
    /// For each round, what each model measured.
    public let rounds: [[TrainingMeasurement]]

    /// - Precondition: at least one round, and a model in each.
    public init(name: String, rounds: [[TrainingMeasurement]]) {
      precondition(!rounds.isEmpty && rounds.allSatisfy { !$0.isEmpty }, "an arm without measurements")
      self.name = name
      self.rounds = rounds
    }

    /// Tokens a second of all models of a round together.
    func rates(tokensPerStep: Int) throws -> [Double] {
      try rounds.map { try $0.reduce(0) { try $0 + Double(tokensPerStep) / $1.medianSeconds } }
    }
  }

  let config: TrainingBenchmarkConfig
  let arms: [Arm]
  private let rounds: BenchmarkRounds

  /// - Parameter arms: the first one is compared with each of the others.
  public init(_ config: TrainingBenchmarkConfig, arms: [Arm]) throws {
    self.config = config
    self.arms = arms
    let tokens = config.batchSize * config.model.contextLength
    rounds = BenchmarkRounds(
      contestants: arms.map(\.name), costs: try arms.map { try $0.rates(tokensPerStep: tokens).map { 1 / $0 } })
  }

  /// The table and the file.
  public func report(command: String) throws -> BenchmarkReport {
    BenchmarkReport(
      name: "experts/" + config.name, command: command,
      columns: ["models", "tokens/s of all (min–max)", "ms a step", "the first's tokens/s over it (min–max)"],
      rows: try arms.indices.map(row), measurements: try measurements())
  }

  private func row(_ index: Int) throws -> [String] {
    let rates = try Spread(rounds.costs[index].map { 1 / $0 }, from: 0, to: 1)
    let step = try Statistics.median(arms[index].rounds.joined().map { try $0.medianSeconds })
    let ratio = try index == 0 ? nil : rounds.ratio(index)
    return [
      arms[index].name, rates.text(0),
      decimals(step * 1e3, 1),
      ratio?.text(2) ?? "",
    ]
  }

  private func measurements() throws -> JSONValue {
    let lists = try arms.map { arm in
      JSONValue.array(try arm.rounds.map { .array(try $0.map { try $0.benchmarkJSON() }) })
    }
    return [
      "config": try config.json(), "arms": .object(zip(arms.map(\.name), lists).map { ($0, $1) }),
      "ratios": rounds.ratiosJSON,
    ]
  }
}
