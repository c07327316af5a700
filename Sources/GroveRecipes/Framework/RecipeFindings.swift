public import GroveEval
public import GroveReport

/// What a recipe found: an outcome for every criterion, and the figures that explain them.
public struct RecipeFindings: Sendable {
  /// One for each criterion, in their order.
  public var results: [CriterionResult]
  /// Further figures, with intervals over seeds where there are several.
  public var figures: [Figure]
  /// Plots for the page about the run.
  public var charts: [Report.Block]

  /// A number that a reader wants to see.
  public struct Figure: Codable, Equatable, Sendable {
    public var name: String
    /// The mean, where there are several seeds.
    public var value: Double
    /// 95%, Student's t over seeds; nil for a single number.
    public var interval: Interval?

    /// A single number.
    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }

    /// The mean over seeds, with its t interval where there are at least two; without one if a seed gave no finite number.
    public init(_ name: String, overSeeds values: [Double]) throws {
      self.name = name
      guard values.allSatisfy(\.isFinite) else {
        value = values.reduce(0, +) / Double(values.count)
        return
      }
      value = try Statistics.mean(values)
      interval = values.count > 1 ? try Interval.ofMean(values) : nil
    }

    /// For a chart.
    var bar: BarChart.Bar { BarChart.Bar(value, interval: interval.map { $0.lower...$0.upper }) }
  }

  public init(results: [CriterionResult], figures: [Figure], charts: [Report.Block]) {
    self.results = results
    self.figures = figures
    self.charts = charts
  }
}
