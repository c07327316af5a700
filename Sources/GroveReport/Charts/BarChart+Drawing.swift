extension BarChart {
  /// The chart as an SVG element, or words where there is nothing to draw.
  func svg() -> String {
    let values = groups.flatMap { $0.bars.flatMap { [$0.value, $0.interval?.lowerBound, $0.interval?.upperBound] } }
    let finite = values.compactMap { $0 }.filter { ChartAxis.holds($0, .linear) }
    guard !finite.isEmpty else { return Drawing.nothing }
    let left = Double(groups.map { min(24, Drawing.columnCount($0.label)) }.max() ?? 0) * 8 + 14
    // The value of a bar below 0 stands on its left, where the names end.
    let isNegative = groups.contains { $0.bars.contains { $0.value < 0 } }
    let axis = ChartAxis(finite + [0], .linear, from: left + (isNegative ? 60 : 0), to: 652, rounded: true)
    let top = 24.0
    let bottom = top + groups.reduce(0) { $0 + height(of: $1) }
    var output = Drawing.open(height: bottom + 44, label: "\(title): \(valueLabel)")
    for tick in axis.ticks {
      let at = axis.position(tick.value)
      output += Drawing.line(at, top - 4, at, bottom, "g")
      output += Drawing.text(at, bottom + 18, tick.label, "k m")
    }
    var y = top
    for group in groups {
      output += drawn(group, at: y, axis, left)
      y += height(of: group)
    }
    let zero = axis.position(0)
    output += Drawing.line(zero, top - 4, zero, bottom, "a")
    return output + Drawing.text(Drawing.width - 4, bottom + 38, valueLabel, "t e") + "</svg>"
  }

  /// Names with their colours.
  var legend: [String] { series.count > 1 ? series : [] }

  private static let barHeight = 18.0
  private static let groupGap = 12.0

  private func height(of group: Group) -> Double {
    Double(max(1, group.bars.count)) * BarChart.barHeight + BarChart.groupGap
  }

  private func drawn(_ group: Group, at top: Double, _ axis: ChartAxis, _ left: Double) -> String {
    let middle = top + (height(of: group) - BarChart.groupGap) / 2 + 4
    var output =
      "<text class=\"o e\" x=\"\(coordinate(left - 10))\" y=\"\(coordinate(middle))\">"
      + "\(escaped(Drawing.shortened(group.label, 24)))<title>\(escaped(group.label))</title></text>"
    for (index, bar) in group.bars.enumerated() {
      output += drawn(bar, index, of: group, at: top + Double(index) * BarChart.barHeight, axis)
    }
    return output
  }

  private func drawn(_ bar: Bar, _ index: Int, of group: Group, at top: Double, _ axis: ChartAxis) -> String {
    let zero = axis.position(0)
    let middle = top + BarChart.barHeight / 2
    guard ChartAxis.holds(bar.value, .linear) else { return Drawing.text(zero + 6, middle + 4, "no value", "n") }
    let end = axis.position(bar.value)
    let isNegative = bar.value < 0
    let name = series.indices.contains(index) ? "\(group.label) · \(series[index])" : group.label
    var words = "\(name): \(NumberText.short(bar.value))"
    var whisker = ""
    var reach = end
    if let interval = bar.interval, ChartAxis.holds(interval.lowerBound, .linear),
      ChartAxis.holds(interval.upperBound, .linear)
    {
      let low = axis.position(interval.lowerBound)
      let high = axis.position(interval.upperBound)
      words += " [\(NumberText.short(interval.lowerBound)), \(NumberText.short(interval.upperBound))]"
      whisker =
        Drawing.line(low, middle, high, middle, "w") + Drawing.line(low, middle - 4, low, middle + 4, "w")
        + Drawing.line(high, middle - 4, high, middle + 4, "w")
      reach = isNegative ? min(end, low) : max(end, high)
    }
    let rectangle =
      "<rect class=\"r f\(index % 8)\" x=\"\(coordinate(min(zero, end)))\" y=\"\(coordinate(top + 2))\" "
      + "width=\"\(coordinate(abs(end - zero)))\" height=\"\(coordinate(BarChart.barHeight - 4))\">"
      + "<title>\(escaped(words))</title></rect>"
    let label = Drawing.text(
      reach + (isNegative ? -6 : 6), middle + 4, NumberText.short(bar.value), isNegative ? "k e" : "k")
    return rectangle + whisker + label
  }
}
