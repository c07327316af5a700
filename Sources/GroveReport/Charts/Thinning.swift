/// Fewer points with the same picture: of each pixel column the first, lowest, highest and last point stay, so that
/// no spike is lost.
enum Thinning {
  /// - Parameters:
  ///   - points: Sorted by x.
  ///   - column: The pixel column of an x.
  static func thinned(_ points: ArraySlice<LineChart.Point>, column: (Double) -> Int) -> [LineChart.Point] {
    var kept: [LineChart.Point] = []
    var start = points.startIndex
    while start < points.endIndex {
      let current = column(points[start].x)
      var end = start
      var lowest = start
      var highest = start
      while end < points.endIndex, column(points[end].x) == current {
        if points[end].y < points[lowest].y { lowest = end }
        if points[end].y > points[highest].y { highest = end }
        end += 1
      }
      var previous = -1
      for index in [start, lowest, highest, end - 1].sorted() where index != previous {
        kept.append(points[index])
        previous = index
      }
      start = end
    }
    return kept
  }

  /// At most `count` elements, evenly spread, the last one always among them.
  static func sampled<Element>(_ elements: [Element], atMost count: Int) -> [Element] {
    guard elements.count > count else { return elements }
    return (0..<count).map { elements[($0 + 1) * elements.count / count - 1] }
  }
}
