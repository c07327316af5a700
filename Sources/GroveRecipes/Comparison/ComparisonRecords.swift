import Foundation
import GroveCore
import GroveEval
import GroveReport

/// The records of a comparison, read by arm.
struct ComparisonRecords {
  let records: [ArmRecord]

  /// The records of an arm, in the order of their seeds.
  func callAsFunction(_ arm: String) -> [ArmRecord] { records.filter { $0.arm == arm }.sorted { $0.seed < $1.seed } }

  /// A figure of an arm, a value for each seed.
  func figures(_ name: String, of arm: String) throws -> [Double] { try self(arm).map { try $0.figure(name) } }

  /// Bits per byte of all held-out documents, a value for each seed.
  func bitsPerByte(_ arm: String) throws -> [Double] {
    try self(arm).map { record in
      try record.list("nats").reduce(0, +) / record.list("bytes").reduce(0, +) / DocumentLoss.natsPerBit
    }
  }

  /// Nats for each token of all held-out documents, a value for each seed: to be compared where the tokenizer is the same.
  func natsPerToken(_ arm: String) throws -> [Double] {
    try self(arm).map { try $0.list("nats").reduce(0, +) / $0.list("tokens").reduce(0, +) }
  }

  /// Of each seed that both arms have, bits per byte of the first minus those of the second, with a bootstrap interval over
  /// the held-out documents.
  /// - Parameter stream: whose documents count; nil for all.
  func differences(_ first: String, _ second: String, on stream: String? = nil) throws -> [Interval] {
    let text = stream.map { "\($0) " } ?? ""
    let others = Dictionary(uniqueKeysWithValues: self(second).map { ($0.seed, $0) })
    let key = RandomKey(seed: 0).split("comparison").split(first).split(second)
    return try self(first).compactMap { record in
      guard let other = others[record.seed] else { return nil }
      return try Bootstrap(key: key.split(record.seed)).pairedRatioDifference(
        record.list("\(text)nats"), other.list("\(text)nats"),
        per: record.list("\(text)bytes").map { $0 * DocumentLoss.natsPerBit })
    }
  }

  /// The mean over seeds of a paired difference of a value, first minus second, with its 95% t interval; nil for one seed.
  func paired(_ first: [Double], _ second: [Double]) throws -> Interval? {
    let differences = zip(first, second).map { $0 - $1 }
    return differences.count > 1 ? try .ofMean(differences) : nil
  }

  /// The outcome of a criterion about the difference of two arms, first minus second, by its interval over seeds; undecided
  /// for one seed.
  /// - Parameter unit: what is compared, in words.
  func compared(
    _ criterion: Criterion, _ first: [Double], _ second: [Double], in unit: String, isMet: (Interval) -> Bool
  ) throws -> CriterionResult {
    let words = "by seed: " + ComparisonRecords.words(zip(first, second).map { $0 - $1 })
    guard let interval = try paired(first, second) else {
      return CriterionResult(criterion, .undecided, "one seed has no interval; \(words)")
    }
    return CriterionResult(
      criterion, isMet(interval) ? .met : .notMet, "\(unit) \(interval); \(words)", interval: interval)
  }

  /// A figure for the report: bits per byte of each arm over its seeds.
  func lossFigures(_ arms: [String]) throws -> [RecipeFindings.Figure] {
    try arms.map { try RecipeFindings.Figure("\($0): bits per byte", overSeeds: bitsPerByte($0)) }
  }

  /// The training loss of the first seed of each arm, smoothed over a twentieth of the steps.
  func lossChart(_ arms: [String], title: String = "Training loss, first seed") -> Report.Block {
    let series = arms.compactMap { arm -> LineChart.Series? in
      guard let losses = self(arm).first?.series["training loss"], !losses.isEmpty else { return nil }
      let span = max(1, losses.count / 20)
      let points = stride(from: 0, to: losses.count, by: span).map { start in
        let part = losses[start..<min(start + span, losses.count)]
        return (Double(start + part.count), part.reduce(0, +) / Double(part.count))
      }
      return LineChart.Series(arm, x: points.map(\.0), y: points.map(\.1))
    }
    return .lineChart(LineChart(title: title, xLabel: "step", yLabel: "nats per token", series: series))
  }

  /// "+0.012, −0.003": values by seed.
  static func words(_ values: [Double], _ format: String = "%+.4f") -> String {
    values.map { String(format: format, $0) }.joined(separator: ", ")
  }
}
