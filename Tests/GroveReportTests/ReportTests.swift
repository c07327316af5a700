import Foundation
import GroveCore
import GroveReport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Report")
struct ReportTests {
  /// Every tag closed, every attribute quoted, every character allowed: what an XML parser insists on.
  private func isWellFormed(_ html: String) -> Bool { XMLParser(data: Data(html.utf8)).parse() }

  private func page(_ blocks: Report.Block...) -> String {
    Report(title: "t", sections: [.init("s", blocks)]).html()
  }

  /// What stands between the tags of the body.
  private func body(_ html: String) -> Substring { html[(html.range(of: "<body>")?.lowerBound ?? html.startIndex)...] }

  @Test("The page is well-formed, loads nothing and runs nothing")
  func selfContained() {
    let html = SampleReport.make().html()
    #expect(isWellFormed(html))
    for word in ["<script", "http:", "https:", "src=", "url(", "@import", "<link", "<img"] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("default-src 'none'"))
    #expect(html.contains("prefers-color-scheme: dark"))
  }

  @Test("Equal content gives equal bytes")
  func determinism() { #expect(SampleReport.make().html() == SampleReport.make().html()) }

  @Test("Text from anywhere is shown, never obeyed, in every place where text may stand")
  func hostile() {
    let evil = "</title></style><script>alert(1)</script>\"' onload='x' & \u{0}\u{8}\u{1B}\u{FFFF}]]> \u{202E}abc"
    let line = LineChart(
      title: evil, xLabel: evil, yLabel: evil,
      series: [.init(evil, x: [1, 2], y: [1, 2]), .init(evil, x: [1], y: [1])],
      markers: [.init(x: 1, label: evil)], note: evil)
    let bars = BarChart(
      title: evil, valueLabel: evil, series: [evil, evil], groups: [.init(evil, [.init(1), .init(2)])], note: evil)
    let heat = HeatMap(title: evil, valueLabel: evil, rows: [evil], columns: [evil], values: [[1]], note: evil)
    let scatter = ScatterChart(
      title: evil, xLabel: evil, yLabel: evil, groups: [.init(evil, [.init(x: 1, y: 2)]), .init(evil, [])], note: evil)
    let html = Report(
      title: evil, subtitle: evil,
      sections: [
        .init(
          evil,
          [
            .paragraph(evil), .tiles([.init(evil, evil, note: evil)]), .facts([.init(evil, evil)]),
            .table(.init(caption: evil, columns: [evil], rows: [[evil]])), .lineChart(line), .barChart(bars),
            .heatMap(heat), .scatterChart(scatter), .samples([.init(label: evil, prompt: evil, continuation: evil)]),
            .code(evil, caption: evil), .callout(.bad, title: evil, text: evil),
          ]), .init(evil, []), .init(evil, []),
      ]
    ).html()
    #expect(isWellFormed(html))
    #expect(!html.contains("<script"))
    #expect(!html.contains("onload='"))
    #expect(!html.contains("\u{0}") && !html.contains("\u{1B}"))
    #expect(html.contains("&lt;/title&gt;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=&#39;x"))
  }

  @Test("What is empty says so in words")
  func empty() {
    let html = page(
      .lineChart(.init(title: "a", xLabel: "x", yLabel: "y", series: [])),
      .lineChart(.init(title: "b", xLabel: "x", yLabel: "y", series: [.init("n", x: [1, 2], y: [.nan, .infinity])])),
      .barChart(.init(title: "c", valueLabel: "v", groups: [])),
      .heatMap(.init(title: "d", valueLabel: "v", rows: [], columns: [], values: [])), .samples([]), .facts([]),
      .scatterChart(.init(title: "e", xLabel: "x", yLabel: "y", groups: [.init("n", [.init(x: .nan, y: 1)])])),
      .table(.init(columns: ["a"], rows: [])), .tiles([]), .code("", caption: ""))
    #expect(isWellFormed(html))
    #expect(html.components(separatedBy: "No finite values to draw.").count == 6)
    for words in ["No samples.", "Nothing recorded.", "No rows."] { #expect(html.contains(words)) }
    #expect(isWellFormed(Report(title: "").html()))
  }

  @Test("A value that is not finite leaves a gap: the path begins anew")
  func gaps() throws {
    let series = LineChart.Series("loss", x: [0, 1, 2, 3, 4], y: [1, 2, .nan, 2, 1])
    let html = page(.lineChart(.init(title: "t", xLabel: "x", yLabel: "y", series: [series])))
    let path = try #require(html.firstMatch(of: /class="l c0" d="([^"]*)"/)).1
    #expect(path == "M58 300L219.5 40M542.5 40L704 300")
  }

  @Test("A scatter draws one dot of each group in turn, at its place, and at most 3,000 of them")
  func scatter() throws {
    let groups: [ScatterChart.Group] = [
      .init("a", [.init(x: 0, y: 0), .init(x: 10, y: 10), .init(x: .infinity, y: 1)]), .init("b", [.init(x: 5, y: 5)]),
    ]
    let html = page(.scatterChart(.init(title: "t", xLabel: "x", yLabel: "y", groups: groups)))
    let dots = html.matches(of: /<circle class="([^"]*)" cx="([^"]*)" cy="([^"]*)"/).map { "\($0.1) \($0.2) \($0.3)" }
    #expect(dots == ["s f0 58 420", "s f1 381 223", "s f0 704 26"])
    let many = (0..<9).map { group in
      ScatterChart.Group("\(group)", (0..<1000).map { .init(x: Double($0), y: Double(group)) })
    }
    let crowded = page(.scatterChart(.init(title: "t", xLabel: "x", yLabel: "y", groups: many)))
    #expect(crowded.components(separatedBy: "<circle").count == 3001)
    #expect(crowded.contains("class=\"q c0\"") && crowded.contains("swatch k0 dashed"))
  }

  @Test("On a logarithmic axis a value that is not positive is left out")
  func logarithmic() throws {
    let series = LineChart.Series("loss", x: [0, 1, 10, 100], y: [5, 1, -3, 100])
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y", series: [series], xScale: .logarithmic, yScale: .logarithmic)
    let path = try #require(page(.lineChart(chart)).firstMatch(of: /class="l c0" d="([^"]*)"/)).1
    #expect(path == "M58 300h.1M704 40h.1")
  }

  @Test("A million points stay a small file that keeps the highest and the lowest")
  func thinning() throws {
    var values = (0..<1_000_000).map { sin(Double($0) / 50_000) }
    values[123_456] = 9
    values[654_321] = -9
    let series = LineChart.Series("s", x: values.indices.map(Double.init), y: values)
    let chart = LineChart(title: "t", xLabel: "step", yLabel: "y", series: [series])
    let html = page(.lineChart(chart))
    #expect(html.utf8.count < 80_000)
    let path = try #require(html.firstMatch(of: /class="l c0" d="([^"]*)"/)).1
    let heights = path.split { "ML".contains($0) }.compactMap { Double($0.split(separator: " ")[1]) }
    // Between the marks at −10 and 10, 9 lies a twentieth of the height below the top.
    #expect(abs(heights.min()! - 53) < 0.11)
    #expect(abs(heights.max()! - 287) < 0.11)
  }

  @Test("Points out of order are drawn in order")
  func unsorted() {
    let sorted = LineChart.Series("s", x: [1, 2, 3], y: [4, 5, 6])
    let mixed = LineChart.Series("s", x: [3, 1, 2], y: [6, 4, 5])
    func svg(_ series: LineChart.Series) -> String {
      page(.lineChart(.init(title: "t", xLabel: "x", yLabel: "y", series: [series])))
    }
    #expect(svg(sorted) == svg(mixed))
  }

  @Test(
    "Axes have round marks",
    arguments: [
      (
        [0, 400], ["0", "50", "100", "150", "200", "250", "300", "350", "400"].filter { Int($0)!.isMultiple(of: 100) }
      ),
      ([0.1234, 0.1241], ["0.1234", "0.1236", "0.1238", "0.1240"]),
      ([0, 250_000], ["0", "50k", "100k", "150k", "200k", "250k"]), ([-3, 3], ["-3", "-2", "-1", "0", "1", "2", "3"]),
      ([0, 3e-5], ["0", "5e-6", "1e-5", "1.5e-5", "2e-5", "2.5e-5", "3e-5"]),
      ([0, 12e6], ["0", "2M", "4M", "6M", "8M", "10M", "12M"]),
    ] as [([Double], [String])])
  func marks(range: [Double], expected: [String]) {
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y", series: [.init("s", x: range, y: [0, 1])])
    #expect(axisLabels(page(.lineChart(chart))) == expected)
  }

  @Test("Logarithmic axes mark powers of ten, and 2 and 5 where there is room")
  func logarithmicMarks() {
    func labels(_ range: [Double]) -> [String] {
      let chart = LineChart(
        title: "t", xLabel: "x", yLabel: "y", series: [.init("s", x: range, y: [0, 1])], xScale: .logarithmic)
      return axisLabels(page(.lineChart(chart)))
    }
    #expect(labels([1, 100]) == ["1", "2", "5", "10", "20", "50", "100"])
    #expect(labels([1, 1e6]) == ["1", "10", "100", "1,000", "10k", "100k", "1M"])
    #expect(labels([1e-200, 1e200]).count < 12)
  }

  @Test("Cells have as many decimals as are asked for, and what rounds to nothing stays blank")
  func cellDecimals() {
    func cells(_ decimals: Int?) -> [String] {
      let heat = HeatMap(
        title: "t", valueLabel: "v", rows: ["r"], columns: ["a", "b", "c"], values: [[0.004, -0.267, 1]],
        decimals: decimals)
      let page = body(page(.heatMap(heat)))
      return ["0.004", "0.00", "-0.267", "-0.27", "1.00"].filter { page.contains(">\($0)</text>") }
    }
    #expect(cells(2) == ["-0.27", "1.00"])
    #expect(cells(nil) == ["0.004", "-0.267"])
  }

  @Test("Extreme numbers neither crash nor leave the page")
  func extremes() {
    let values = [0, -0.0, 1e308, -1e308, .leastNonzeroMagnitude, 1e-295, 1e299, .infinity, -.infinity, .nan]
    for a in values {
      for b in values {
        for scale in AxisScale.allCases {
          let chart = LineChart(
            title: "t", xLabel: "x", yLabel: "y",
            series: [.init("s", [.init(x: a, y: b), .init(x: b, y: a)], band: [.init(x: a, lower: b, upper: a)])],
            xScale: scale, yScale: scale, markers: [.init(x: a, label: "m")])
          let bars = BarChart(title: "t", valueLabel: "v", values: [("a", .init(a)), ("b", .init(b))])
          let heat = HeatMap(title: "t", valueLabel: "v", rows: ["r"], columns: ["a", "b"], values: [[a, b]])
          let html = body(page(.lineChart(chart), .barChart(bars), .heatMap(heat)))
          #expect(!html.contains("\"nan\"") && !html.contains("inf\""), "\(a) \(b)")
        }
      }
    }
  }

  @Test(
    "Numbers are short and the same everywhere",
    arguments: [
      (0, "0"), (2.0314, "2.031"), (12.3, "12.3"), (1234.6, "1,235"), (99_999, "99,999"), (1e6, "1M"),
      (2_560_000, "2.56M"),
      (7.2e9, "7.2B"), (1e-5, "1e-5"), (0.00012345, "1.23e-4"), (-0.5, "-0.5"), (.nan, "–"), (1e20, "1e20"),
    ] as [(Double, String)])
  func numbers(value: Double, expected: String) { #expect(NumberText.short(value) == expected) }

  @Test("Thousands stand apart")
  func grouped() {
    #expect([0, 999, 1000, -1_234_567].map(NumberText.grouped) == ["0", "999", "1,000", "-1,234,567"])
    #expect(NumberText.grouped(.min) == "-9,223,372,036,854,775,808")
  }

  @Test("A fixed number of decimals, times and sizes")
  func otherNumbers() {
    #expect([1234.5, -0.004, 0.125].map { NumberText.fixed($0, 2) } == ["1,234.50", "0.00", "0.12"])
    #expect([0.4, 59.6, 123, 3723, .infinity].map(NumberText.duration) == ["0 s", "1:00", "2:03", "1:02:03", "?"])
    #expect([0, 1023, 2560, 5 << 30].map(NumberText.bytes) == ["0 B", "1023 B", "2.5 KiB", "5.0 GiB"])
  }

  @Test("The report is written whole, and a missing folder is named")
  func writing() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-report-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileSystem.makeFolder(folder)
    let file = folder.appending(path: "report.html")
    try SampleReport.make().write(to: file)
    #expect(try String(decoding: FileSystem.read(file), as: UTF8.self) == SampleReport.make().html())
    let lost = folder.appending(path: "no/report.html")
    #expect(throws: GroveError.self) { try SampleReport.make().write(to: lost) }
  }

  /// The marks of the x axis: the labels on its line.
  private func axisLabels(_ html: String) -> [String] {
    html.matches(of: /<text class="k [me]" x="[^"]*" y="320">([^<]*)</).map { String($0.1) }
  }
}
