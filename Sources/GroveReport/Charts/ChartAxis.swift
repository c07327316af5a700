import Foundation

/// How a chart's axis turns values into positions.
public enum AxisScale: String, Sendable, CaseIterable {
  case linear
  /// Powers of ten at equal distances; values that are not positive are left out.
  case logarithmic
}

/// One axis of a drawn chart: from values to pixels, with round marks.
struct ChartAxis {
  let scale: AxisScale
  let lower: Double
  let upper: Double
  let start: Double
  let end: Double
  let ticks: [Tick]

  struct Tick: Equatable {
    let value: Double
    let label: String
  }

  /// Values beyond this cannot be subtracted without overflow, and say nothing on a chart.
  private static let limit = 1e300

  /// Whether a value has a place on this kind of axis.
  static func holds(_ value: Double, _ scale: AxisScale) -> Bool {
    value.isFinite && abs(value) < limit && (scale == .linear || value > 1e-290)
  }

  /// - Parameters:
  ///   - values: What must fit; at least one.
  ///   - rounded: Whether the axis begins and ends at a mark.
  init(_ values: some Sequence<Double>, _ scale: AxisScale, from start: Double, to end: Double, rounded: Bool) {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where ChartAxis.holds(value, scale) {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = scale == .linear ? (0, 1) : (1, 10) }
    // A span that doubles can hardly express has no marks and no positions.
    if high - low < max(abs(high) * 1e-13, 1e-299) { (low, high) = ChartAxis.widened(low, scale) }
    let count = max(2, Int(abs(end - start) / (rounded ? 52 : 96)))
    var marks = ChartAxis.marks(low, high, scale, count: count)
    if rounded, scale == .linear, let step = ChartAxis.step(low, high, count) {
      low = (low / step + 1e-9).rounded(.down) * step
      high = (high / step - 1e-9).rounded(.up) * step
      marks = ChartAxis.marks(low, high, scale, count: count)
    }
    self.scale = scale
    self.lower = low
    self.upper = high
    self.start = start
    self.end = end
    ticks = marks
  }

  /// The pixel of a value; meaningless for values that the axis does not hold.
  func position(_ value: Double) -> Double {
    let share =
      scale == .linear
      ? (value - lower) / (upper - lower) : (log10(value) - log10(lower)) / (log10(upper) - log10(lower))
    return start + share * (end - start)
  }

  private static func widened(_ value: Double, _ scale: AxisScale) -> (Double, Double) {
    if scale == .logarithmic { return (value / 2, value * 2) }
    let half = abs(value) < 1e-290 ? 1 : abs(value) * 0.1
    return (value - half, value + half)
  }

  private static func marks(_ low: Double, _ high: Double, _ scale: AxisScale, count: Int) -> [Tick] {
    let decades = scale == .logarithmic ? log10(high) - log10(low) : 0
    guard decades >= 1 else { return linearMarks(low, high, count) }
    let first = Int(log10(low).rounded(.down))
    let last = Int(log10(high).rounded(.up))
    let every = max(1, Int((decades / Double(count)).rounded(.up)))
    let digits: [Double] = decades * 3 <= Double(count) ? [1, 2, 5] : [1]
    var values: [Double] = []
    for exponent in stride(from: first, through: last, by: every) {
      values += digits.map { $0 * pow(10, Double(exponent)) }
    }
    let inside = values.filter { low * (1 - 1e-9) <= $0 && $0 <= high * (1 + 1e-9) }
    return inside.map { Tick(value: $0, label: compact($0, largest: $0)) }
  }

  private static func linearMarks(_ low: Double, _ high: Double, _ count: Int) -> [Tick] {
    guard let step = step(low, high, count) else { return [Tick(value: low, label: NumberText.short(low))] }
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 100 else { return [] }
    let largest = max(abs(low), abs(high))
    return stride(from: first, through: last, by: 1).map { multiple in
      let value = multiple * step
      return Tick(value: value, label: label(value, step: step, largest: largest))
    }
  }

  private static func label(_ value: Double, step: Double, largest: Double) -> String {
    if value == 0 { return "0" }
    if largest >= 1e4 || largest < 1e-3 { return compact(value, largest: largest) }
    return NumberText.fixed(value, max(0, -Int((log10(step) + 1e-9).rounded(.down))))
  }

  private static func compact(_ value: Double, largest: Double) -> String {
    guard largest >= 1e4, largest < 1e6 else { return NumberText.short(value) }
    return NumberText.short(value / 1000) + "k"
  }

  /// The smallest of 1, 2, 5 times a power of ten that makes at most `count` steps; nil where doubles end.
  private static func step(_ low: Double, _ high: Double, _ count: Int) -> Double? {
    let rough = (high - low) / Double(count)
    guard rough.isNormal, rough > max(abs(low), abs(high)) * 1e-14 else { return nil }
    let power = pow(10, log10(rough).rounded(.down))
    let factor = [1, 2, 5, 10].first { $0 * power >= rough * (1 - 1e-9) } ?? 10
    return factor * power
  }
}
