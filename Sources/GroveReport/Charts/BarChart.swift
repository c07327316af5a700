/// Horizontal bars in groups, such as bits per byte for each domain and model.
public struct BarChart: Sendable {
  /// The heading of the figure.
  public var title: String
  /// What the bars measure, with the unit.
  public var valueLabel: String
  /// The names of the bars in each group; one name means no legend.
  public var series: [String]
  /// From top to bottom.
  public var groups: [Group]
  /// A sentence below the chart; may be empty.
  public var note: String

  /// One label with a bar for each series; missing bars stay empty.
  public struct Group: Sendable {
    /// The name on the left.
    public var label: String
    /// One for each series.
    public var bars: [Bar]

    public init(_ label: String, _ bars: [Bar]) {
      self.label = label
      self.bars = bars
    }
  }

  /// A value, with an interval if there is one. A value that is not finite is shown as missing.
  public struct Bar: Sendable {
    /// The length of the bar.
    public var value: Double
    /// Ends of an error bar; nil for none.
    public var interval: ClosedRange<Double>?

    public init(_ value: Double, interval: ClosedRange<Double>? = nil) {
      self.value = value
      self.interval = interval
    }
  }

  public init(title: String, valueLabel: String, series: [String] = [], groups: [Group], note: String = "") {
    self.title = title
    self.valueLabel = valueLabel
    self.series = series
    self.groups = groups
    self.note = note
  }

  /// One bar for each label.
  public init(title: String, valueLabel: String, values: [(label: String, bar: Bar)], note: String = "") {
    self.init(title: title, valueLabel: valueLabel, groups: values.map { Group($0.label, [$0.bar]) }, note: note)
  }
}
