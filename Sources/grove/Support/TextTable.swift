/// Rows of text in aligned columns.
struct TextTable {
  enum Alignment {
    case left
    case right
  }

  private let alignments: [Alignment]
  private var rows: [[String]]

  init(_ columns: (String, Alignment)...) {
    alignments = columns.map(\.1)
    rows = [columns.map(\.0)]
  }

  mutating func add(_ cells: String...) { add(cells: cells) }
  mutating func add(cells: [String]) { rows.append(cells) }

  var text: String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return alignments[column] == .left ? cell + space : space + cell
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
