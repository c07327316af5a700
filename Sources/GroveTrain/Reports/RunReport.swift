public import Foundation
import GroveCore
import GroveCorpus
import GroveEval
public import GroveReport

/// The page about a run, made from what its folder holds.
public enum RunReport {
  /// Writes `report.html`.
  public static func write(_ folder: RunFolder) throws {
    try write(folder, title: folder.name, tiles: [], extra: [], to: folder.report)
  }

  /// Writes the page with what a caller knows more.
  /// - Parameters:
  ///   - tiles: numbers before the run's own.
  ///   - extra: sections before the config.
  public static func write(
    _ folder: RunFolder, title: String, tiles: [Report.Tile], extra: [Report.Section], to url: URL
  ) throws {
    let config = try RunConfig.load(folder.config)
    let metrics = try RunMetrics(folder)
    let identity = try RunIdentity.read(folder)
    let started = Date(timeIntervalSince1970: identity.started).formatted(.iso8601)
    let report = Report(
      title: title,
      subtitle: "Begun \(started) with Grove \(identity.groveVersion), libtorch \(identity.libtorchVersion)",
      sections: [try summary(config, metrics, tiles), curves(metrics)] + extra + [
        Report.Section("Config", [.code(try config.yaml(), caption: "config.yaml")]),
        provenance(config, identity, folder),
      ])
    try report.write(to: url)
  }

  private static func summary(
    _ config: RunConfig, _ metrics: RunMetrics, _ first: [Report.Tile]
  ) throws -> Report.Section {
    let last = metrics.validations.last
    var speed = Report.Tile("–", "tokens a second")
    if !metrics.steps.isEmpty {
      let share = try Statistics.median(metrics.steps.map(\.ceilingShare))
      speed = Report.Tile(
        NumberText.short(try Statistics.median(metrics.steps.map(\.tokensPerSecond))), "tokens a second",
        note: "\(NumberText.fixed(100 * share, 0))% of the matrix-product ceiling")
    }
    var tiles =
      first + [
        Report.Tile(NumberText.short(config.model.parameterCount), "parameters"),
        Report.Tile(
          NumberText.short(metrics.steps.last?.tokens ?? 0), "training tokens", note: "\(metrics.steps.count) steps"),
        speed,
      ]
    if let last, first.isEmpty {
      tiles.insert(Report.Tile(NumberText.fixed(last.bitsPerByte, 3), "bits per byte, held out"), at: 0)
    }
    return Report.Section("Result", [.tiles(tiles)])
  }

  private static func curves(_ metrics: RunMetrics) -> Report.Section {
    let markers = metrics.incidents.filter { ["resumed", "rolledBack"].contains($0.kind) }.map {
      LineChart.Marker(x: Double($0.step), label: $0.kind == "resumed" ? "resumed" : "rolled back")
    }
    func chart(_ title: String, _ unit: String, _ series: [LineChart.Series], log: Bool = false) -> Report.Block {
      .lineChart(
        LineChart(
          title: title, xLabel: "step", yLabel: unit, series: series, yScale: log ? .logarithmic : .linear,
          markers: markers))
    }
    let x = metrics.steps.map { Double($0.step) }
    var blocks = [
      chart("Training loss", "nats a token", [.init("loss", x: x, y: metrics.steps.map(\.lossNats))])
    ]
    if !metrics.validations.isEmpty {
      let at = metrics.validations.map { Double($0.step) }
      let names = metrics.validations.last?.domains.keys.sorted() ?? []
      let series = names.map { name in
        LineChart.Series(name, x: at, y: metrics.validations.map { $0.domains[name] ?? .nan }, style: .lineAndPoints)
      }
      blocks.append(chart("Held-out text, per domain", "bits per byte", series))
    }
    blocks += [
      chart("Throughput", "tokens a second", [.init("tokens/s", x: x, y: metrics.steps.map(\.tokensPerSecond))]),
      chart("Learning rate", "", [.init("rate", x: x, y: metrics.steps.map(\.learningRate))]),
      chart("Gradient norm", "", [.init("norm", x: x, y: metrics.steps.map(\.gradientNorm))], log: true),
    ]
    return Report.Section("Curves", blocks)
  }

  private static func provenance(
    _ config: RunConfig, _ identity: RunIdentity, _ folder: RunFolder
  ) -> Report.Section {
    var facts = [
      Report.Fact("Data", identity.dataFingerprint), Report.Fact("Tokenizer", identity.tokenizerFingerprint),
      Report.Fact(
        "Device",
        "\(identity.device), \(identity.processes.map { $0 > 1 ? "\($0) processes of " : "" } ?? "")\(identity.threads) threads"
      ),
    ]
    do { facts.insert(Report.Fact("Order of data", try orderFingerprint(config, identity)), at: 0) } catch {
      facts.insert(Report.Fact("Order of data", "not computed: \(error)"), at: 0)
    }
    return Report.Section(
      "Provenance",
      [
        .paragraph(
          "The batch of a step is a function of the data, the seed and the step alone; "
            + "'grove run batch \(folder.name) --step K' shows its documents."), .facts(facts),
      ])
  }

  /// SHA-256 over the sequences of every step.
  private static func orderFingerprint(_ config: RunConfig, _ identity: RunIdentity) throws -> String {
    let plan = try RunPlan(config)
    guard plan.dataset.manifest.fingerprint == identity.dataFingerprint else {
      throw GroveError(.mismatch, config.data.folder, "is not the data set of this run")
    }
    return plan.order.fingerprint(steps: 0..<config.training.steps, batchSize: config.training.batchSize)
  }
}
