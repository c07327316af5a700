import Foundation
import GroveCluster
import GroveForest
import GroveReport

/// The demo's page: the forest's own, with the domains that were found and what the forest writes.
struct DemoReport {
  let judgement: ForestJudgement
  let domains: DomainSummary
  /// Of the clusters, as the shards and the experts call them.
  let names: [String]
  let samples: [Demo.Sample]
  let use: ForestUse
  let seconds: Double

  func write(to url: URL) throws {
    let forest = try judgement.entry("\(Demo.mode)")
    let dense = try judgement.entry("dense")
    let difference = try judgement.difference(forest, to: dense).mean
    let tiles = [
      Report.Tile(
        NumberText.fixed(forest.summary.meanOverDomains, 3), "bits per byte, the forest",
        note: "mean over the hidden labels"),
      Report.Tile(
        NumberText.fixed(dense.summary.meanOverDomains, 3), "bits per byte, the dense model", note: "as many tokens"),
      Report.Tile(
        NumberText.fixed(difference.estimate, 3), "the forest's less the dense model's",
        note: "95%: \(NumberText.fixed(difference.lower, 3)) to \(NumberText.fixed(difference.upper, 3))"),
      Report.Tile("\(NumberText.fixed(seconds, 0)) s", "from text to report"),
    ]
    try ForestReport(use, judgement, against: "dense")
      .page(
        title: "Grove demo: domains found, a forest grown", tiles: tiles,
        extra: [found(), writing()]
      ).write(to: url)
  }

  private func found() -> Report.Section {
    let rows = domains.clusters.enumerated().map { index, cluster in
      let labels = zip(domains.labels, cluster.labels).filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
      return [
        names[index],
        "\(cluster.documents)", NumberText.bytes(cluster.bytes),
        labels.prefix(3).map { "\($0.0) \($0.1)" }.joined(separator: ", "),
        cluster.topTerms.prefix(6).joined(separator: " "),
      ]
    }
    var blocks: [Report.Block] = [
      .table(Report.Table(columns: ["expert", "documents", "bytes", "hidden labels", "top terms"], rows: rows))
    ]
    if let agreement = domains.agreement {
      blocks.append(
        .paragraph(
          "Found by the words of the training documents alone. Purity \(NumberText.fixed(agreement.purity, 3)), mutual "
            + "information \(NumberText.fixed(agreement.normalizedMutualInformation, 3)) with the labels."))
    }
    return Report.Section("Domains", blocks)
  }

  private func writing() -> Report.Section {
    Report.Section(
      "What the forest writes",
      [
        .samples(
          samples.map { sample in
            let total = max(sample.experts.reduce(0) { $0 + $1.tokens }, 1)
            let experts = sample.experts.prefix(2).map { "\(use.title($0.name)) \(100 * $0.tokens / total)%" }
            return Report.TextSample(
              label: "\(sample.label), answered by \(experts.joined(separator: ", "))", prompt: sample.prompt,
              continuation: sample.continuation)
          })
      ])
  }
}
