import Foundation

extension LineChart {
  /// The chart as an SVG element, or words where there is nothing to draw.
  func svg() -> String {
    let drawable = series.map { line in
      line.points.contains { ChartAxis.holds($0.x, xScale) && ChartAxis.holds($0.y, yScale) }
    }
    guard drawable.contains(true) else { return Drawing.nothing }
    let plot = Plot(left: 58, top: 40, right: 704, bottom: 300)
    let x = ChartAxis(
      series.flatMap { $0.points.lazy.map(\.x) } + markers.map(\.x), xScale, from: plot.left, to: plot.right,
      rounded: false)
    let bounds = series.flatMap { $0.band.flatMap { [$0.lower, $0.upper] } }
    let y = ChartAxis(
      series.flatMap { $0.points.lazy.map(\.y) } + bounds, yScale, from: plot.bottom, to: plot.top, rounded: true)
    var output = Drawing.open(height: 352, label: "\(title): \(yLabel) over \(xLabel)")
    output += grid(plot, x, y)
    for (index, line) in series.enumerated() { output += bandPath(line, index, x, y) }
    for marker in markers where ChartAxis.holds(marker.x, xScale) { output += drawn(marker, plot, x) }
    for (index, line) in series.enumerated() { output += drawn(line, index, x, y) }
    return output + "</svg>"
  }

  /// Names with their colours, in the order of the series.
  var legend: [String] { series.count > 1 || series.contains { !$0.band.isEmpty } ? series.map(\.name) : [] }

  private struct Plot {
    let left: Double
    let top: Double
    let right: Double
    let bottom: Double
  }

  private func grid(_ plot: Plot, _ x: ChartAxis, _ y: ChartAxis) -> String {
    var output = ""
    for tick in y.ticks {
      let at = y.position(tick.value)
      output += Drawing.line(plot.left, at, plot.right, at, "g")
      output += Drawing.text(plot.left - 8, at + 4, tick.label, "k e")
    }
    output += Drawing.line(plot.left, plot.bottom, plot.right, plot.bottom, "a")
    for tick in x.ticks {
      let at = x.position(tick.value)
      output += Drawing.line(at, plot.bottom, at, plot.bottom + 5, "a")
      // A long label centred at the right end would be cut off.
      let anchor = at + Double(tick.label.count) * 4 > Drawing.width ? "k e" : "k m"
      output += Drawing.text(at, plot.bottom + 20, tick.label, anchor)
    }
    output += Drawing.text(0, 14, yLabel, "t")
    output += Drawing.text(plot.right, plot.bottom + 44, xLabel, "t e")
    return output
  }

  private func drawn(_ marker: Marker, _ plot: Plot, _ x: ChartAxis) -> String {
    let at = x.position(marker.x)
    let isLate = at > (plot.left + plot.right) / 2
    return Drawing.line(at, plot.top, at, plot.bottom, "v")
      + Drawing.text(at + (isLate ? -5 : 5), plot.top + 10, Drawing.shortened(marker.label, 30), isLate ? "n e" : "n")
  }

  private func drawn(_ line: Series, _ index: Int, _ x: ChartAxis, _ y: ChartAxis) -> String {
    let runs = runs(of: line).map { Thinning.thinned($0) { Int(x.position($0).rounded(.down)) } }
    var output = ""
    if line.style != .points {
      let path = runs.map { run in
        // A single point between gaps gets a dot of the line's width.
        let stroke = run.map { "\(coordinate(x.position($0.x))) \(coordinate(y.position($0.y)))" }
        return "M" + stroke.joined(separator: "L") + (run.count == 1 ? "h.1" : "")
      }.joined()
      output += "<path class=\"l c\(index % 8)\(index >= 8 ? " d" : "")\" d=\"\(path)\"/>"
    }
    let all = runs.flatMap { $0 }
    let shown = line.style == .line ? Thinning.sampled(all, atMost: 60) : Thinning.sampled(all, atMost: 1500)
    for point in shown {
      let words = "\(line.name) · \(xLabel) \(NumberText.short(point.x)): \(NumberText.short(point.y))"
      output +=
        "<circle class=\"\(line.style == .line ? "h" : "p") f\(index % 8)\" cx=\"\(coordinate(x.position(point.x)))\" "
        + "cy=\"\(coordinate(y.position(point.y)))\" r=\"\(line.style == .line ? "6" : "3")\"><title>\(escaped(words))"
        + "</title></circle>"
    }
    return output
  }

  private func bandPath(_ line: Series, _ index: Int, _ x: ChartAxis, _ y: ChartAxis) -> String {
    let band = line.band.filter {
      ChartAxis.holds($0.x, xScale) && ChartAxis.holds($0.lower, yScale) && ChartAxis.holds($0.upper, yScale)
    }
    guard band.count > 1 else { return "" }
    let shown = Thinning.sampled(band.sorted { $0.x < $1.x }, atMost: 650)
    func corner(_ at: Double, _ value: Double) -> String {
      "\(coordinate(x.position(at))) \(coordinate(y.position(value)))"
    }
    let corners = shown.map { corner($0.x, $0.upper) } + shown.reversed().map { corner($0.x, $0.lower) }
    return "<path class=\"b f\(index % 8)\" d=\"M\(corners.joined(separator: "L"))Z\"/>"
  }

  /// Stretches without a gap, sorted by x.
  private func runs(of line: Series) -> [ArraySlice<Point>] {
    let placed = line.points.filter { ChartAxis.holds($0.x, xScale) }
    let isSorted = zip(placed, placed.dropFirst()).allSatisfy { $0.x <= $1.x }
    let points = isSorted ? placed : placed.sorted { $0.x < $1.x }
    return points.split { !ChartAxis.holds($0.y, yScale) }
  }
}
