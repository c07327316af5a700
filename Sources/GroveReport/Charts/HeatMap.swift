/// A matrix of values as shades, with labels and the values in the cells where they fit.
public struct HeatMap: Sendable {
  /// The heading of the figure.
  public var title: String
  /// What the values measure, with the unit.
  public var valueLabel: String
  /// Names on the left, from top to bottom.
  public var rows: [String]
  /// Names above, from left to right.
  public var columns: [String]
  /// One list for each row; what is missing or not finite stays blank.
  public var values: [[Double]]
  /// How a value becomes a shade.
  public var shading: Shading
  /// Decimals of the values in the cells, where 0 after rounding stays blank; nil for as many as a value needs.
  public var decimals: Int?
  /// A sentence below the chart; may be empty.
  public var note: String

  /// How a value becomes a shade.
  public enum Shading: Sendable {
    /// From the lowest value, pale, to the highest, strong.
    case sequential
    /// Two colours away from a middle, such as 0 for differences.
    case diverging(center: Double)
  }

  public init(
    title: String, valueLabel: String, rows: [String], columns: [String], values: [[Double]],
    shading: Shading = .sequential, decimals: Int? = nil, note: String = ""
  ) {
    self.title = title
    self.valueLabel = valueLabel
    self.rows = rows
    self.columns = columns
    self.values = values
    self.shading = shading
    self.decimals = decimals
    self.note = note
  }

  /// The chart as an SVG element, or words where there is nothing to draw.
  func svg() -> String {
    let finite = values.joined().filter { ChartAxis.holds($0, .linear) }
    guard let lowest = finite.min(), let highest = finite.max(), !rows.isEmpty, !columns.isEmpty else {
      return Drawing.nothing
    }
    let left = Double(rows.map { min(24, Drawing.columnCount($0)) }.max() ?? 0) * 8 + 14
    let cellWidth = min(96, (Drawing.width - left) / Double(columns.count))
    let cellHeight = max(6, min(30, cellWidth))
    let longest = columns.map { min(16, Drawing.columnCount($0)) }.max() ?? 0
    let isSlanted = Double(longest) * 8 > cellWidth - 4
    let top = isSlanted ? Double(longest) * 5.6 + 18 : 24
    var output = Drawing.open(height: top + Double(rows.count) * cellHeight + 6, label: "\(title): \(valueLabel)")
    for (index, name) in columns.enumerated() where isLabelled(index, columns.count, cellWidth) {
      let x = left + (Double(index) + 0.5) * cellWidth
      output += columnLabel(name, x, top - 8, isSlanted)
    }
    for (row, name) in rows.enumerated() {
      let y = top + Double(row) * cellHeight
      if isLabelled(row, rows.count, cellHeight) {
        output += Drawing.text(left - 10, y + cellHeight / 2 + 4, Drawing.shortened(name, 24), "o e")
      }
      for (column, columnName) in columns.enumerated() where row < values.count && column < values[row].count {
        let cell = Cell(
          value: values[row][column], words: "\(name) · \(columnName)", x: left + Double(column) * cellWidth, y: y,
          width: cellWidth, height: cellHeight)
        output += drawn(cell, lowest, highest)
      }
    }
    return output + "</svg>"
  }

  private struct Cell {
    let value: Double
    let words: String
    let x: Double
    let y: Double
    let width: Double
    let height: Double
  }

  /// Where cells are thin, only every few have a label.
  private func isLabelled(_ index: Int, _ count: Int, _ size: Double) -> Bool {
    index.isMultiple(of: max(1, Int((15 / size).rounded(.up))))
  }

  private func columnLabel(_ name: String, _ x: Double, _ y: Double, _ isSlanted: Bool) -> String {
    let text = Drawing.shortened(name, 16)
    guard isSlanted else { return Drawing.text(x, y, text, "o m") }
    return "<text class=\"o\" transform=\"translate(\(coordinate(x)) \(coordinate(y))) rotate(-45)\">"
      + "\(escaped(text))</text>"
  }

  private func drawn(_ cell: Cell, _ lowest: Double, _ highest: Double) -> String {
    guard ChartAxis.holds(cell.value, .linear) else { return "" }
    let (style, strength) = shade(cell.value, lowest, highest)
    let percent = Int((strength * 100).rounded())
    var output =
      "<rect class=\"\(style)\" x=\"\(coordinate(cell.x + 1))\" y=\"\(coordinate(cell.y + 1))\" "
      + "width=\"\(coordinate(max(1, cell.width - 2)))\" height=\"\(coordinate(max(1, cell.height - 2)))\" "
      + "fill-opacity=\"\(percent >= 100 ? "1" : percent < 10 ? ".0\(percent)" : ".\(percent)")\">"
      + "<title>\(escaped("\(cell.words): \(NumberText.short(cell.value))"))</title></rect>"
    let label = label(cell.value)
    if Double(label.count) * 7.5 < cell.width - 4, cell.height >= 18 {
      output += Drawing.text(
        cell.x + cell.width / 2, cell.y + cell.height / 2 + 4, label, HeatMap.ink(on: strength))
    }
    return output
  }

  private func label(_ value: Double) -> String {
    guard let decimals else { return NumberText.short(value) }
    let text = NumberText.fixed(value, decimals)
    return text.contains { ("1"..."9").contains($0) } ? text : ""
  }

  /// The text that reads on a shade. Between the two limits the answer depends on light or dark mode.
  private static func ink(on strength: Double) -> String { strength > 0.85 ? "i m" : strength > 0.6 ? "j m" : "o m" }

  private func shade(_ value: Double, _ lowest: Double, _ highest: Double) -> (style: String, strength: Double) {
    switch shading {
    case .sequential:
      let share = highest > lowest ? (value - lowest) / (highest - lowest) : 0.5
      return ("f0", 0.06 + 0.94 * share)
    case .diverging(let center):
      let reach = max(abs(highest - center), abs(lowest - center))
      let share = reach > 0 ? abs(value - center) / reach : 0
      return (value < center ? "f1" : "f0", 0.04 + 0.96 * share)
    }
  }
}
