/// Points in a plane, coloured by group, such as documents by cluster.
public struct ScatterChart: Sendable {
  /// The heading of the figure.
  public var title: String
  /// What x measures.
  public var xLabel: String
  /// What y measures.
  public var yLabel: String
  /// In the order of the legend; drawn in turn, so that no group hides another.
  public var groups: [Group]
  /// A sentence below the chart; may be empty.
  public var note: String

  /// Points under one name and colour. The eight colours come again from the ninth group on, as rings.
  public struct Group: Sendable {
    /// The name in the legend.
    public var name: String
    /// Points that are not finite are left out.
    public var points: [Point]

    public init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  /// A place in the plane.
  public struct Point: Sendable, Equatable {
    /// To the right.
    public var x: Double
    /// Up.
    public var y: Double

    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  public init(title: String, xLabel: String, yLabel: String, groups: [Group], note: String = "") {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.groups = groups
    self.note = note
  }

  /// Names with their colours, in the order of the groups.
  var legend: [String] { groups.count > 1 ? groups.map(\.name) : [] }

  /// The most points that are drawn: more would make a page slow and show no more.
  static let mostPoints = 3000

  /// The chart as an SVG element, or words where there is nothing to draw.
  func svg() -> String {
    let shown = Thinning.sampled(inTurn(), atMost: ScatterChart.mostPoints)
    guard !shown.isEmpty else { return Drawing.nothing }
    let (left, top, right, bottom) = (58.0, 26.0, 704.0, 420.0)
    let x = ChartAxis(shown.map(\.point.x), .linear, from: left, to: right, rounded: true)
    let y = ChartAxis(shown.map(\.point.y), .linear, from: bottom, to: top, rounded: true)
    var output = Drawing.open(height: 472, label: "\(title): \(yLabel) over \(xLabel)")
    for tick in y.ticks {
      output += Drawing.line(left, y.position(tick.value), right, y.position(tick.value), "g")
      output += Drawing.text(left - 8, y.position(tick.value) + 4, tick.label, "k e")
    }
    for tick in x.ticks {
      output += Drawing.line(x.position(tick.value), top, x.position(tick.value), bottom, "g")
      output += Drawing.text(x.position(tick.value), bottom + 20, tick.label, "k m")
    }
    output += Drawing.text(0, 14, yLabel, "t") + Drawing.text(right, bottom + 44, xLabel, "t e")
    for (group, point) in shown {
      let place = "cx=\"\(coordinate(x.position(point.x)))\" cy=\"\(coordinate(y.position(point.y)))\""
      let style = group < 8 ? "s f\(group)" : "q c\(group % 8)"
      output += "<circle class=\"\(style)\" \(place) r=\"2.6\"/>"
    }
    return output + "</svg>"
  }

  /// The drawable points, one of each group after the other.
  private func inTurn() -> [(group: Int, point: Point)] {
    let drawable = groups.map { group in
      group.points.filter { ChartAxis.holds($0.x, .linear) && ChartAxis.holds($0.y, .linear) }
    }
    return (0..<(drawable.map(\.count).max() ?? 0)).flatMap { place in
      drawable.indices.filter { place < drawable[$0].count }.map { ($0, drawable[$0][place]) }
    }
  }
}
