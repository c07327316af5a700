import Foundation
import GroveEval
import GroveReport
import GroveTrain

/// The demo's page: the run's own, with the judgement on all held-out documents and what the model wrote.
enum DemoReport {
  static func write(
    _ run: RunFolder, _ summary: PerplexitySummary, _ samples: [Demo.Sample], seconds: Double, to url: URL
  ) throws {
    let bars = summary.domains.map { row in
      (label: row.domain, bar: BarChart.Bar(row.bitsPerByte, interval: row.interval.map { $0.lower...$0.upper }))
    }
    let judgement = Report.Section(
      "Held-out documents",
      [
        .paragraph(
          String(
            format: "Mean over the domains %.3f bits per byte, over %d documents that the model never saw.",
            summary.meanOverDomains, summary.all.documents)),
        .barChart(
          BarChart(
            title: "Bits per byte, per domain", valueLabel: "bits per byte", values: bars,
            note: "Lower is better. Bars show 95% intervals over documents.")),
      ])
    let writing = Report.Section(
      "What it writes",
      [
        .samples(
          samples.map { Report.TextSample(label: $0.domain, prompt: $0.prompt, continuation: $0.continuation) })
      ])
    try RunReport.write(
      run, title: "Grove demo: ten domains, one small model",
      tiles: [
        Report.Tile(String(format: "%.3f", summary.meanOverDomains), "bits per byte, held out, mean over domains"),
        Report.Tile(String(format: "%.0f s", seconds), "from text to report"),
      ], extra: [judgement, writing], to: url)
  }
}
