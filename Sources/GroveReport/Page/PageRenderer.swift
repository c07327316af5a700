/// Turns a report into its page.
struct PageRenderer {
  private let report: Report

  init(_ report: Report) { self.report = report }

  /// The page is well-formed XML as well as HTML, which lets a test check every tag.
  func page() -> String {
    var body = "<header><h1>\(escaped(report.title))</h1>"
    if !report.subtitle.isEmpty { body += "<p class=\"subtitle\">\(escaped(report.subtitle))</p>" }
    body += "</header>\n"
    if report.sections.count > 2 {
      let links = report.sections.enumerated().map { "<a href=\"#s\($0 + 1)\">\(escaped($1.title))</a>" }
      body += "<nav>\(links.joined(separator: " "))</nav>\n"
    }
    for (index, section) in report.sections.enumerated() {
      body += "<section id=\"s\(index + 1)\"><h2>\(escaped(section.title))</h2>\n"
      body += section.blocks.map { render($0) + "\n" }.joined()
      body += "</section>\n"
    }
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
      <meta name="color-scheme" content="light dark"/>
      <title>\(escaped(report.title))</title>
      <style>
      \(StyleSheet.text)
      </style></head>
      <body><main>
      \(body)</main></body></html>

      """
  }

  private func render(_ block: Report.Block) -> String {
    switch block {
    case .paragraph(let text): "<p>\(escaped(text))</p>"
    case .tiles(let tiles): render(tiles)
    case .facts(let facts): render(facts)
    case .table(let table): render(table)
    case .lineChart(let chart): figure(chart.title, chart.legend, chart.svg(), chart.note)
    case .barChart(let chart): figure(chart.title, chart.legend, chart.svg(), chart.note)
    case .heatMap(let chart): figure(chart.title, [], chart.svg(), chart.note)
    case .scatterChart(let chart): figure(chart.title, chart.legend, chart.svg(), chart.note)
    case .samples(let samples): samples.isEmpty ? empty("No samples.") : samples.map(render).joined(separator: "\n")
    case .code(let text, let caption): code(text, caption)
    case .callout(let tone, let title, let text): callout(tone, title, text)
    }
  }

  private func empty(_ words: String) -> String { "<p class=\"empty\">\(words)</p>" }

  private func figure(_ title: String, _ legend: [String], _ content: String, _ note: String) -> String {
    let entries = legend.enumerated().map { index, name in
      "<li><span class=\"swatch k\(index % 8)\(index >= 8 ? " dashed" : "")\"></span>\(escaped(name))</li>"
    }
    let names = entries.isEmpty ? "" : "<ul class=\"legend\">\(entries.joined())</ul>"
    let below = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>"
    return "<figure><figcaption>\(escaped(title))</figcaption>\(names)\(content)\(below)</figure>"
  }

  private func render(_ tiles: [Report.Tile]) -> String {
    let entries = tiles.map { tile in
      let note = tile.note.isEmpty ? "" : "<span class=\"note\">\(escaped(tile.note))</span>"
      return
        "<div><span class=\"name\">\(escaped(tile.name))</span><span class=\"value\">\(escaped(tile.value))</span>\(note)</div>"
    }
    return "<div class=\"tiles\">\(entries.joined())</div>"
  }

  private func render(_ facts: [Report.Fact]) -> String {
    if facts.isEmpty { return empty("Nothing recorded.") }
    let rows = facts.map { "<tr><th scope=\"row\">\(escaped($0.name))</th><td>\(escaped($0.value))</td></tr>" }
    return "<table class=\"facts\"><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
  }

  private func render(_ table: Report.Table) -> String {
    let isNumeric = table.columns.indices.map { column in
      let cells = table.rows.compactMap { $0.indices.contains(column) && !$0[column].isEmpty ? $0[column] : nil }
      return !cells.isEmpty && cells.allSatisfy(PageRenderer.looksNumeric)
    }
    func style(_ column: Int) -> String { isNumeric[column] ? " class=\"number\"" : "" }
    let heads = table.columns.enumerated().map { "<th scope=\"col\"\(style($0))>\(escaped($1))</th>" }
    let rows = table.rows.map { row in
      let cells = table.columns.indices.map { column in
        "<td\(style(column))>\(row.indices.contains(column) ? escaped(row[column]) : "")</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    let caption = table.caption.isEmpty ? "" : "<caption>\(escaped(table.caption))</caption>"
    let body =
      "<table>\(caption)<thead><tr>\(heads.joined())</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
    return "<div class=\"scroll\">\(body)</div>" + (table.rows.isEmpty ? empty("No rows.") : "")
  }

  /// Numbers with their signs, units and intervals: what begins with a digit after signs, or a dash for none.
  private static func looksNumeric(_ cell: String) -> Bool {
    if cell == "–" || cell == "-" { return true }
    return cell.first { !"+-−±<>≤≥~ $".contains($0) }?.isNumber ?? false
  }

  private func render(_ sample: Report.TextSample) -> String {
    // Empty bidirectional isolation by `dir="auto"`: a right-to-left sample keeps its own direction.
    "<figure class=\"sample\"><figcaption>\(escaped(sample.label))</figcaption><pre dir=\"auto\">"
      + "<mark>\(escaped(sample.prompt))</mark>\(escaped(sample.continuation))</pre></figure>"
  }

  private func code(_ text: String, _ caption: String) -> String {
    let title = caption.isEmpty ? "" : "<figcaption>\(escaped(caption))</figcaption>"
    return "<figure class=\"code\">\(title)<pre tabindex=\"0\"><code>\(escaped(text))</code></pre></figure>"
  }

  private func callout(_ tone: Report.Tone, _ title: String, _ text: String) -> String {
    let sign =
      switch tone {
      case .good: "✓"
      case .neutral: "○"
      case .bad: "✗"
      }
    return
      "<aside class=\"\(tone.rawValue)\"><p><strong><span class=\"sign\">\(sign)</span> \(escaped(title))</strong></p>"
      + "<p>\(escaped(text))</p></aside>"
  }
}
