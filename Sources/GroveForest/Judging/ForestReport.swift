import Foundation
import GroveCore
import GroveEval
public import GroveReport
import GroveTrain

/// The page about a forest: how it compares, how it routes, what it costs.
public struct ForestReport {
  let forest: ForestUse
  let judgement: ForestJudgement
  /// The entry that the others are compared with.
  let reference: ForestEntry

  /// - Parameter against: the name of an entry, as a rule the dense model of equal cost.
  /// - Throws: `GroveError` if nothing of that name was judged.
  public init(_ forest: ForestUse, _ judgement: ForestJudgement, against: String) throws {
    self.forest = forest
    self.judgement = judgement
    reference = try judgement.entry(against)
  }

  private var folder: ForestFolder { forest.folder }
  private var manifest: ForestManifest { forest.manifest }

  /// The page.
  /// - Parameter extra: sections before the last one.
  public func page(title: String, tiles: [Report.Tile] = [], extra: [Report.Section] = []) throws -> Report {
    var sections = [try comparison(tiles), try gains(), cost()]
    if let routing = routing() { sections.append(routing) }
    if let compute = try compute() { sections.append(compute) }
    return Report(
      title: title, subtitle: "\(manifest.experts.count) experts, Grove \(groveVersion)",
      sections: sections + extra + [members()])
  }

  private func comparison(_ tiles: [Report.Tile]) throws -> Report.Section {
    let rows = try judgement.entries.map { entry in
      let difference = try judgement.difference(entry, to: reference).mean
      return [
        entry.name, NumberText.fixed(entry.summary.meanOverDomains, 4),
        entry.name == reference.name
          ? "–"
          : "\(signed(difference.estimate)) [\(signed(difference.lower)), \(signed(difference.upper))]",
      ] + (hasOutside ? [judgement.mean(entry, ownDomains: false).map { NumberText.fixed($0, 4) } ?? "–"] : [])
    }
    let table = Report.Table(
      columns: ["model", "bits per byte", "less \(reference.name) [95%]"] + (hasOutside ? ["out of domain"] : []),
      rows: rows)
    let words = """
      Means over the \(reference.summary.domains.count) domains of documents that no model has seen. Intervals are paired: \
      the same documents, drawn again within their domain.
      """
    return Report.Section("Comparison", (tiles.isEmpty ? [] : [.tiles(tiles)]) + [.table(table), .paragraph(words)])
  }

  /// Whether some of the documents are of a domain that no expert was trained on, and others are not. Documents under
  /// labels of their own, which clusters know nothing of, are neither.
  private var hasOutside: Bool {
    let domains = reference.summary.domains.map(\.domain)
    return domains.contains { !judgement.ownDomains.contains($0) }
      && domains.contains(where: judgement.ownDomains.contains)
  }

  private func cost() -> Report.Section {
    let rows = judgement.entries.map { entry in
      [
        entry.name, entry.trainingTokens.map { NumberText.short($0) } ?? "–",
        entry.trainingOperations.map { NumberText.short($0) } ?? "–", NumberText.short(entry.operationsPerToken),
        NumberText.fixed(entry.passesPerToken, 2), NumberText.bytes(entry.weightBytes),
        judgement.contenderSeconds[entry.name].map { NumberText.duration($0) } ?? "",
      ]
    }
    let table = Report.Table(
      columns: [
        "model", "training tokens", "training FLOPs", "FLOPs a token", "passes a token", "weights", "wall time",
      ], rows: rows)
    let words =
      "All ways of using the forest were scored in one pass of \(NumberText.duration(judgement.forestSeconds)). Tokens and "
      + "FLOPs of training are those of the model and of all that it has branched from."
    return Report.Section("Cost", [.table(table), .paragraph(words)])
  }

  private func gains() throws -> Report.Section {
    let shown = judgement.entries.filter { $0.name != reference.name }.prefix(4)
    let differences = try shown.map { try judgement.difference($0, to: reference).domains }
    let groups = reference.summary.domains.indices.map { index in
      BarChart.Group(
        reference.summary.domains[index].domain,
        differences.map { rows in
          BarChart.Bar(rows[index].difference, interval: rows[index].interval.map { $0.lower...$0.upper })
        })
    }
    let chart = BarChart(
      title: "Bits per byte less those of \(reference.name)", valueLabel: "bits per byte",
      series: shown.map(\.name), groups: groups,
      note: "Below 0 is better. Bars show paired 95% intervals over documents.")
    let table = Report.Table(
      caption: "Bits per byte", columns: ["domain"] + judgement.entries.map(\.name),
      rows: reference.summary.domains.indices.map { index in
        let domain = reference.summary.domains[index].domain
        let isOutside = hasOutside && !judgement.ownDomains.contains(domain)
        return [domain + (isOutside ? " (out of domain)" : "")]
          + judgement.entries.map { NumberText.fixed($0.summary.domains[index].bitsPerByte, 3) }
      })
    return Report.Section("Domain by domain", [.barChart(chart), .table(table)])
  }

  private func routing() -> Report.Section? {
    let routed = judgement.entries.filter {
      !$0.routing.isEmpty && $0.mode?.weights != .uniform && $0.mode?.weights != .oracle
    }
    guard let first = routed.first else { return nil }
    var blocks: [Report.Block] = routed.prefix(3).map { entry in
      .heatMap(
        HeatMap(
          title: "Routing: \(entry.name)", valueLabel: "mean weight", rows: entry.routing.map(\.domain),
          columns: manifest.experts.map {
            ([$0.name] + (forest.terms[$0.name] ?? []).prefix(1)).joined(separator: " ")
          },
          values: entry.routing.map(\.meanWeights), decimals: 2,
          note: "The mean over tokens of the weight of each expert in the documents of a domain."))
    }
    for trace in first.traces {
      blocks.append(.lineChart(trace.chart(title: "\(first.name) along the document \(trace.document)")))
    }
    return Report.Section("Routing", blocks)
  }

  /// Held-out loss over the training FLOPs of the dense run, of the seed, and of the forest at its end.
  private func compute() throws -> Report.Section? {
    var series: [LineChart.Series] = []
    var perToken = 0.0
    for member in [manifest.dense, manifest.seed].compactMap({ $0 }) {
      let (name, run) = (member.name, folder.run(member.run))
      let config = try RunConfig.load(run.config)
      perToken = config.model.trainingOperationsPerToken
      let perStep = Double(config.training.batchSize * config.model.contextLength) * perToken
      let points = try RunMetrics(run).validations.map {
        LineChart.Point(x: Double($0.step) * perStep, y: $0.bitsPerByte)
      }
      if !points.isEmpty { series.append(LineChart.Series(name, points, style: .lineAndPoints)) }
    }
    let ends = judgement.entries.filter { $0.mode != nil }.prefix(4).compactMap { entry in
      entry.trainingOperations.map {
        LineChart.Series(
          entry.name, [LineChart.Point(x: $0, y: entry.summary.meanOverDomains)], style: .points)
      }
    }
    guard !series.isEmpty else { return nil }
    let chart = LineChart(
      title: "Loss against training compute", xLabel: "training FLOPs", yLabel: "bits per byte, held out",
      series: series + ends,
      note:
        "Curves: validations during training, on its own sample of held-out documents. Points: the comparison above.")
    return Report.Section("Compute", [.lineChart(chart)])
  }

  private func members() -> Report.Section {
    let rows = manifest.members.map { member in
      let parents = member.parents.map { "\($0.name) \(NumberText.fixed($0.weight, 2))" }
      return [
        member.name, NumberText.short(member.trainingTokens), "\(member.step)",
        parents.isEmpty ? "random weights" : parents.joined(separator: ", "), String(member.weights.prefix(12)),
      ]
    }
    return Report.Section(
      "Members",
      [.table(Report.Table(columns: ["member", "tokens", "steps", "from", "SHA-256 of weights"], rows: rows))])
  }

  private func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + NumberText.fixed(value, 4) }
}
