import Foundation
import GroveReport

/// A report with every kind of block, as a training run would make it.
enum SampleReport {
  static func make() -> Report {
    Report(
      title: "Ten domains, one small model", subtitle: "Run demo-01 · 2.6M parameters · 1.5M tokens · seed 17",
      sections: [overview, curves, domains, samples, configuration])
  }

  private static var overview: Report.Section {
    Report.Section(
      "Overview",
      [
        .tiles([
          .init("1.94", "bits per byte", note: "95% interval 1.91–1.97"), .init("16.4k", "tokens per second"),
          .init("3:12", "wall time"), .init("61%", "of the matrix ceiling"),
        ]),
        .callout(
          .good, title: "Resumed exactly",
          text: "The run was stopped at step 180 and ended with the same bytes as one that was never stopped."),
        .callout(.neutral, title: "Not decided", text: "Three seeds cannot separate the two schedules (p = 0.31)."),
        .callout(
          .bad, title: "One batch was skipped", text: "The gradient of step 41 was not finite; it was not applied."),
        .facts([
          .init("data fingerprint", "b1946ac92492d2347c6235b8d2611184e7f1c0a5d9a3b1f2"),
          .init("order of data", "seed 17, 10 domains"),
          .init("optimizer", "AdamW, β = (0.9, 0.95), decay 0.1"),
        ]),
      ])
  }

  static func loss(_ step: Int, _ offset: Double) -> Double {
    let x = Double(step)
    return 2.2 + offset + 4.4 * pow(1 + x / 14, -0.55) + 0.06 * sin(x * 1.3) * cos(x * 0.37)
  }

  private static var curves: Report.Section {
    let steps = Array(1...400)
    let train = steps.map { LineChart.Point(x: Double($0), y: (150..<156).contains($0) ? .nan : loss($0, 0)) }
    let marks = stride(from: 20, through: 400, by: 20).map { LineChart.Point(x: Double($0), y: loss($0, 0.12)) }
    let band = marks.map { LineChart.Band(x: $0.x, lower: $0.y - 0.12, upper: $0.y + 0.12) }
    let schedule = steps.map { step in
      LineChart.Point(
        x: Double(step), y: 3e-3 * min(1, Double(step) / 40) * (step < 300 ? 1 : Double(401 - step) / 101))
    }
    let sizes: [Double] = [1e5, 3e5, 1e6, 3e6, 1e7, 1e8]
    return Report.Section(
      "Curves",
      [
        .lineChart(
          LineChart(
            title: "Loss", xLabel: "step", yLabel: "nats per token",
            series: [
              .init("training", train), .init("validation", marks, band: band, style: .lineAndPoints),
            ], markers: [.init(x: 180, label: "resumed")], note: "The band is a 95% interval over documents.")),
        .lineChart(
          LineChart(title: "Learning rate", xLabel: "step", yLabel: "learning rate", series: [.init("rate", schedule)])),
        .lineChart(
          LineChart(
            title: "Loss by size", xLabel: "parameters", yLabel: "nats per token",
            series: (0..<3).map { line in
              .init(
                "width × \(1 << line)", x: sizes, y: sizes.map { 6 * pow($0 / 1e5, -0.11 - 0.01 * Double(line)) },
                style: .lineAndPoints)
            }, xScale: .logarithmic, yScale: .logarithmic)),
        .lineChart(LineChart(title: "Nothing yet", xLabel: "step", yLabel: "loss", series: [.init("empty", [])])),
      ])
  }

  private static let names = [
    "code", "dialogue", "encyclopedia", "fiction", "한국어 뉴스", "law", "mathematics", "medicine", "русский", "web",
  ]

  private static var domains: Report.Section {
    let groups = names.enumerated().map { index, name in
      let value = 1.6 + 0.09 * Double(index * 7 % 10)
      return BarChart.Group(
        name,
        [
          .init(value, interval: (value - 0.06)...(value + 0.06)),
          .init(value - 0.2, interval: (value - 0.25)...(value - 0.15)),
        ])
    }
    let values = names.indices.map { row in
      names.indices.map { row == $0 ? 1.5 : 1.8 + 0.11 * Double((row * 3 + $0 * 7) % 10) }
    }
    let changes = values.map { row in row.prefix(5).map { $0 - 2.1 } }
    return Report.Section(
      "Domains",
      [
        .barChart(
          BarChart(
            title: "Held-out loss by domain", valueLabel: "bits per byte", series: ["dense", "merged"], groups: groups)),
        .barChart(
          BarChart(
            title: "Change against the parent", valueLabel: "bits per byte",
            values: [("code", .init(-0.21)), ("law", .init(0.08)), ("web", .init(.nan))])),
        .heatMap(
          HeatMap(
            title: "Expert against domain", valueLabel: "bits per byte", rows: names, columns: names, values: values)),
        .heatMap(
          HeatMap(
            title: "Change against the mean", valueLabel: "bits per byte", rows: names, columns: Array(names.prefix(5)),
            values: changes, shading: .diverging(center: 0))),
        .table(
          .init(
            caption: "All numbers", columns: ["domain", "documents", "bits per byte", "interval"],
            rows: names.enumerated().map { ["\($1)", "\(120 + $0 * 37)", "1.\(90 + $0)", "1.\(88 + $0)–1.\(92 + $0)"] })
        ),
      ])
  }

  private static var samples: Report.Section {
    Report.Section(
      "Samples",
      [
        .paragraph("The prompt is marked; the rest is the model's."),
        .samples([
          .init(
            label: "fiction · nucleus 0.9", prompt: "The harbour was quiet when",
            continuation: " the last of the boats came in,\nand nobody on the quay had a word for it."),
          .init(label: "한국어 뉴스", prompt: "서울의 아침은", continuation: " 조용했다. 시장에는 사람이 거의 없었다."),
          .init(label: "русский", prompt: "Вчера вечером", continuation: " шёл снег, и город стал тихим."),
          .init(
            label: "code", prompt: "func add(",
            continuation: "_ a: Int, _ b: Int) -> Int {\n  a + b  // <b>&amp;</b>\n}"),
        ]),
      ])
  }

  private static var configuration: Report.Section {
    Report.Section(
      "Configuration",
      [
        .code(
          "model:\n  width: 192\n  layers: 4\n  heads: 6\nbatch:\n  sequences: 16\n  context: 256\n",
          caption: "config.yaml")
      ])
  }
}
