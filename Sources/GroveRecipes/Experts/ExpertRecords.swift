import Foundation
import GroveCore
import GroveCorpus
import GroveEval

/// The records of a recipe about experts, read beside the documents that judged them.
struct ExpertRecords {
  let records: [ArmRecord]
  /// The judging documents, in the order of every series.
  let documents: [TokenizedDocument]

  /// The series of an arm that is a single model.
  static let model = "model"
  /// The series with the mean weight of each expert in a domain.
  static func routing(_ rule: String, _ domain: String) -> String { "\(rule), weights in \(domain)" }

  /// What one way of using an arm paid.
  struct Way: Hashable {
    let arm: String
    let series: String

    init(_ arm: String, _ series: String = ExpertRecords.model) {
      self.arm = arm
      self.series = series
    }
  }

  /// The records of an arm, in the order of their seeds.
  func callAsFunction(_ arm: String) -> [ArmRecord] {
    records.filter { $0.arm == arm }.sorted { $0.seed < $1.seed }
  }

  /// By seed, the losses of the documents of some domains, or of all.
  /// - Parameter pooled: whether all documents count as of one domain.
  func losses(_ way: Way, in domains: [String]? = nil, pooled: Bool = false) throws -> [[DocumentLoss]] {
    try self(way.arm).map { record in
      let nats = try record.list(way.series)
      guard nats.count == documents.count else {
        throw GroveError(
          .format, "\(record.arm), seed \(record.seed)",
          "'\(way.series)' has \(nats.count) losses for \(documents.count) documents",
          remedy: "Remove the folder of the arm; it is then trained again.")
      }
      return zip(documents, nats).compactMap { document, nats in
        guard domains?.contains(document.domain) ?? true else { return nil }
        return DocumentLoss(
          id: document.id, domain: pooled ? "all" : document.domain, nats: nats, tokens: document.tokens.count,
          bytes: document.byteCount)
      }
    }
  }

  /// By seed, bits per byte as the mean over domains.
  func bitsPerByte(_ way: Way, in domains: [String]? = nil, pooled: Bool = false) throws -> [Double] {
    try losses(way, in: domains, pooled: pooled).map { losses in
      let groups = Dictionary(grouping: losses, by: \.domain).values.map { group in
        DocumentLoss.bitsPerByte(
          nats: group.reduce(0) { $0 + $1.nats }, bytes: group.reduce(0) { $0 + $1.bytes })
      }
      return groups.sorted().reduce(0, +) / Double(groups.count)
    }
  }

  /// By seed, nats a token over the documents of some domains together: the logarithm of their perplexity.
  func natsPerToken(_ way: Way, in domains: [String]? = nil) throws -> [Double] {
    try losses(way, in: domains).map { losses in
      losses.reduce(0) { $0 + $1.nats } / Double(losses.reduce(0) { $0 + $1.tokens })
    }
  }

  /// By seed, how much more one way pays than another.
  func differences(
    _ first: Way, minus second: Way, in domains: [String]? = nil, pooled: Bool = false
  ) throws -> [PairedLossDifference] {
    try zip(losses(first, in: domains, pooled: pooled), losses(second, in: domains, pooled: pooled)).map {
      try PairedLossDifference($0, minus: $1)
    }
  }

  /// Of the dense arms, the one with the lowest mean over seeds on the judging documents themselves: what a forest is
  /// compared with has the advantage.
  func bestDense(_ settings: ExpertTrainingConfig, in domains: [String]? = nil, pooled: Bool = false) throws -> Way {
    let ways = DenseArm.batchSizes(settings).map { Way(DenseArm.name($0)) }
    let means = try ways.map { try Statistics.mean(bitsPerByte($0, in: domains, pooled: pooled)) }
    return ways[means.indices.min { means[$0] < means[$1] } ?? 0]
  }
}

extension CriterionResult {
  /// A criterion that asks for the sign of a difference in every seed.
  /// - Parameter isMet: of each seed's difference of the mean over domains, with its interval.
  init(
    _ criterion: Criterion, _ differences: [PairedLossDifference], _ words: String, isMet: ([Interval]) -> Bool
  ) throws {
    let intervals = differences.map(\.mean)
    self.init(
      criterion, isMet(intervals) ? .met : .notMet,
      "\(words), by seed: \(intervals.map(\.description).joined(separator: "; "))",
      interval: intervals.count > 1 ? try .ofMean(intervals.map(\.estimate)) : nil)
  }
}

extension [Interval] {
  /// Whether every one lies below 0.
  var areBelowZero: Bool { allSatisfy { $0.upper < 0 } }
  /// Whether every one lies above 0.
  var areAboveZero: Bool { allSatisfy { $0.lower > 0 } }
}
