/// The few SVG elements that the charts share. Colours and sizes are classes of the page's style sheet, so that
/// light, dark, print and phone are decided in one place.
enum Drawing {
  /// The width of every chart in its own units; the page scales it.
  static let width = 720.0

  /// What stands in place of a chart without data.
  static let nothing = "<p class=\"empty\">No finite values to draw.</p>"

  static func open(height: Double, label: String) -> String {
    "<svg viewBox=\"0 0 \(coordinate(width)) \(coordinate(height))\" role=\"img\" aria-label=\"\(escaped(label))\">"
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
    "<path class=\"\(style)\" d=\"M\(coordinate(x1)) \(coordinate(y1))L\(coordinate(x2)) \(coordinate(y2))\"/>"
  }

  static func text(_ x: Double, _ y: Double, _ text: String, _ style: String) -> String {
    "<text class=\"\(style)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\">\(escaped(text))</text>"
  }

  /// A label that fits; wide scripts count twice.
  static func shortened(_ text: String, _ columns: Int) -> String {
    var used = 0
    var result = ""
    for character in text {
      used += columnCount(character)
      if used > columns { return result + "…" }
      result.append(character)
    }
    return result
  }

  /// Columns that a label takes, as a terminal would count.
  static func columnCount(_ text: String) -> Int { text.reduce(0) { $0 + columnCount($1) } }

  private static func columnCount(_ character: Character) -> Int {
    (character.unicodeScalars.first?.value ?? 0) >= 0x1100 ? 2 : 1
  }
}
