#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How well clusters agree with labels that the search did not see.
public struct LabelAgreement: Codable, Equatable, Sendable {
  /// Share of the documents whose label is the most frequent one of their cluster.
  public let purity: Double
  /// 2 I(C; L) / (H(C) + H(L)): mutual information over the mean of the entropies; 1 where both are constant.
  public let normalizedMutualInformation: Double

  /// - Parameter counts: documents by cluster and label; rows of equal length, at least one document.
  /// - Source: Manning, Raghavan and Schütze 2008, "Introduction to information retrieval", §16.3.
  public init(counts: [[Int]]) {
    let total = Double(counts.joined().reduce(0, +))
    precondition(total > 0, "no documents to compare")
    purity = Double(counts.reduce(0) { $0 + ($1.max() ?? 0) }) / total
    func entropy(_ sizes: [Int]) -> Double {
      sizes.filter { $0 > 0 }.reduce(0) { $0 - Double($1) / total * log(Double($1) / total) }
    }
    let rows = counts.map { $0.reduce(0, +) }
    let columns = (counts.first ?? []).indices.map { column in counts.reduce(0) { $0 + $1[column] } }
    var information = 0.0
    for (row, line) in counts.enumerated() {
      for (column, count) in line.enumerated() where count > 0 {
        information +=
          Double(count) / total * log(Double(count) * total / (Double(rows[row]) * Double(columns[column])))
      }
    }
    let entropies = entropy(rows) + entropy(columns)
    normalizedMutualInformation = entropies > 0 ? 2 * information / entropies : 1
  }
}
