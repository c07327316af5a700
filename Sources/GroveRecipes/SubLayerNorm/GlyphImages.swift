import Foundation
public import GroveCore

/// Small black and white images of the ten digits, drawn by strokes that tremble: made, since the corpus has no scanned ones.
///
/// Each digit is a set of the seven strokes of a pocket calculator. Its ends are moved, the whole is made smaller, moved and
/// slanted, and some places are turned from ink to paper and back.
public struct GlyphImages: Sendable {
  /// Places of a row and of a column.
  public let side: Int
  /// Places of a row of a patch; divides `side`.
  public let patch: Int
  /// Share of the places that are turned.
  public let noise: Double

  static let classes = 10

  /// - Precondition: `patch` divides `side` and is at most 3.
  public init(side: Int, patch: Int, noise: Double) {
    precondition(side > 0 && (1...3).contains(patch) && side % patch == 0, "patches of \(patch) in \(side) places")
    self.side = side
    self.patch = patch
    self.noise = noise
  }

  /// Kinds of patches: a patch is known by which of its places have ink, so that a table of vectors does what a matrix does in
  /// models of grey images.
  public var vocabularySize: Int { 1 << (patch * patch) }
  /// Patches of an image.
  public var length: Int { (side / patch) * (side / patch) }

  /// The image of a number: its patches row by row, and the digit.
  public func example(_ index: Int, _ key: RandomKey) -> (tokens: [Int64], label: Int) {
    let (label, draws) = (index % GlyphImages.classes, key.split(index))
    var places = ink(GlyphImages.strokes[label], draws)
    for place in places.indices where draws.split("noise").uniform(place) < noise { places[place].toggle() }
    return (tokens(places), label)
  }

  /// The patches of an image `[side · side]`, row by row: bit r·patch + c of an id is the place in row r and column c.
  /// - Precondition: the image has as many places.
  public func tokens(_ places: [Bool]) -> [Int64] {
    precondition(places.count == side * side, "\(places.count) places, not \(side * side)")
    let patches = side / patch
    return (0..<length).map { index in
      let (row, column) = (index / patches * patch, index % patches * patch)
      return (0..<patch * patch).reduce(Int64(0)) { id, bit in
        places[(row + bit / patch) * side + column + bit % patch] ? id | 1 << Int64(bit) : id
      }
    }
  }

  // MARK: Drawing

  private typealias Point = (x: Double, y: Double)

  /// The strokes of each digit, by their letters on a calculator: a on top, then clockwise, g in the middle.
  private static let strokes = [
    "abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg",
  ]

  private static func ends(_ stroke: Character) -> (Point, Point) {
    switch stroke {
    case "a": ((0.2, 0), (0.8, 0))
    case "b": ((0.8, 0), (0.8, 0.5))
    case "c": ((0.8, 0.5), (0.8, 1))
    case "d": ((0.2, 1), (0.8, 1))
    case "e": ((0.2, 0.5), (0.2, 1))
    case "f": ((0.2, 0), (0.2, 0.5))
    default: ((0.2, 0.5), (0.8, 0.5))
    }
  }

  /// Which places have ink.
  private func ink(_ strokes: String, _ draws: RandomKey) -> [Bool] {
    var generator = draws.generator()
    func around(_ middle: Double, _ spread: Double) -> Double { middle + spread * (2 * generator.uniform() - 1) }
    let (scale, slant) = (around(0.75, 0.1), around(0, 0.2))
    let (right, down) = (around((1 - scale) / 2, 0.1), around((1 - scale) / 2, 0.1))
    let lines = strokes.map { stroke -> (Point, Point) in
      let (start, end) = GlyphImages.ends(stroke)
      func placed(_ point: Point) -> Point {
        let (x, y) = (around(point.x, 0.05), around(point.y, 0.05))
        return (right + scale * (x + slant * (0.5 - y)), down + scale * y)
      }
      return (placed(start), placed(end))
    }
    return (0..<side * side).map { place in
      let point = ((Double(place % side) + 0.5) / Double(side), (Double(place / side) + 0.5) / Double(side))
      return lines.contains { GlyphImages.distance(point, $0) < 0.06 }
    }
  }

  /// From a point to a line between two points.
  private static func distance(_ point: Point, _ line: (Point, Point)) -> Double {
    let (x, y) = (line.1.x - line.0.x, line.1.y - line.0.y)
    let along = ((point.x - line.0.x) * x + (point.y - line.0.y) * y) / max(x * x + y * y, 1e-12)
    let share = min(max(along, 0), 1)
    return hypot(point.x - line.0.x - share * x, point.y - line.0.y - share * y)
  }
}
