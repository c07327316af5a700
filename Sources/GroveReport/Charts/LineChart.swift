import Foundation

/// One or more series over a common axis, such as losses over steps.
public struct LineChart: Sendable {
  /// The heading of the figure.
  public var title: String
  /// What x counts, with its unit: "step".
  public var xLabel: String
  /// What y measures, with its unit: "bits per byte".
  public var yLabel: String
  /// The lines, in the order of the legend.
  public var series: [Series]
  /// How x becomes a position.
  public var xScale: AxisScale
  /// How y becomes a position.
  public var yScale: AxisScale
  /// Vertical lines with a word.
  public var markers: [Marker]
  /// A sentence below the chart; may be empty.
  public var note: String

  /// Points under one name. Values that are not finite leave a gap.
  public struct Series: Sendable {
    /// The name in the legend.
    public var name: String
    /// In any order; drawn by x.
    public var points: [Point]
    /// An interval around the line, such as 95% confidence; may be empty.
    public var band: [Band]
    /// A line, dots, or both.
    public var style: Style

    public init(_ name: String, _ points: [Point], band: [Band] = [], style: Style = .line) {
      self.name = name
      self.points = points
      self.band = band
      self.style = style
    }

    /// Pairs x and y by position; what is left over on either side is not drawn.
    public init(_ name: String, x: [Double], y: [Double], style: Style = .line) {
      self.init(name, zip(x, y).map { Point(x: $0, y: $1) }, style: style)
    }
  }

  /// How the points are shown.
  public enum Style: Sendable { case line, points, lineAndPoints }

  /// A value at a place.
  public struct Point: Sendable, Equatable {
    /// The place.
    public var x: Double
    /// The value there.
    public var y: Double

    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// An interval at a place.
  public struct Band: Sendable, Equatable {
    /// The place.
    public var x: Double
    /// The lower end at x.
    public var lower: Double
    /// The upper end at x.
    public var upper: Double

    public init(x: Double, lower: Double, upper: Double) {
      self.x = x
      self.lower = lower
      self.upper = upper
    }
  }

  /// A vertical line with a word, such as "resumed".
  public struct Marker: Sendable {
    /// The place.
    public var x: Double
    /// The word beside the line.
    public var label: String

    public init(x: Double, label: String) {
      self.x = x
      self.label = label
    }
  }

  public init(
    title: String, xLabel: String, yLabel: String, series: [Series], xScale: AxisScale = .linear,
    yScale: AxisScale = .linear, markers: [Marker] = [], note: String = ""
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.xScale = xScale
    self.yScale = yScale
    self.markers = markers
    self.note = note
  }
}
