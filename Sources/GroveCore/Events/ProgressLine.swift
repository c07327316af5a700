import Foundation

/// What is known about a long job at one moment, and its one-line text.
public struct ProgressLine: Sendable {
  /// What is being done: "train".
  public var label: String
  /// Units finished.
  public var done: Int
  /// All units.
  public var total: Int
  /// The plural of what is counted: "steps".
  public var unit: String
  /// Units a second; nil while nothing is known.
  public var rate: Double?
  /// Names and values to show beside: ("loss", "2.31"). The last ones go first where the line is narrow.
  public var fields: [(name: String, value: String)]

  public init(
    label: String, done: Int, total: Int, unit: String, rate: Double? = nil,
    fields: [(name: String, value: String)] = []
  ) {
    self.label = label
    self.done = done
    self.total = total
    self.unit = unit
    self.rate = rate
    self.fields = fields
  }

  /// Seconds until the end at this rate; nil while nothing is known.
  public var remainingSeconds: Double? {
    guard let rate, rate > 0, rate.isFinite else { return nil }
    return Double(max(0, total - done)) / rate
  }

  /// The line for a log: no bar, no control characters.
  public var plain: String { parts(bar: nil).joined(separator: "  ") }

  /// The line for a terminal, at most `width` columns: the bar shrinks, then goes, then the last parts go.
  public func text(width: Int) -> String {
    let room = width - plain.count - 2
    if room >= 8 { return parts(bar: bar(columns: min(40, room))).joined(separator: "  ") }
    var parts = parts(bar: nil)
    while parts.count > 1, parts.joined(separator: "  ").count > width { parts.removeLast() }
    return String(parts.joined(separator: "  ").prefix(max(0, width)))
  }

  private var share: Double { total > 0 ? min(1, max(0, Double(done) / Double(total))) : 0 }

  private func parts(bar: String?) -> [String] {
    // Rounded down: 100% is said only of what is finished.
    var parts = [label, "\(Int(share * 100))%"]
    if let bar { parts.append(bar) }
    parts.append("\(done)/\(total) \(unit)")
    if let rate { parts.append("\(ProgressLine.short(rate))/s") }
    if done < total, let remainingSeconds { parts.append("ETA \(ProgressLine.clock(remainingSeconds))") }
    return parts + fields.map { "\($0.name) \($0.value)" }
  }

  private func bar(columns: Int) -> String {
    let filled = Int(share * Double(columns))
    return String(repeating: "━", count: filled) + String(repeating: "─", count: columns - filled)
  }

  /// "0:07", "3:12", "1:02:03", "2d 03:00:00"; "∞" for what never ends.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "∞" }
    let whole = Int(max(0, seconds).rounded())
    let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let tail = "\(two(whole % 60))"
    if days > 0 { return "\(days)d \(two(hours)):\(two(minutes)):\(tail)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  private static func short(_ rate: Double) -> String {
    guard rate.isFinite else { return "–" }
    if rate >= 10_000 { return String(format: "%.1fk", rate / 1000) }
    return String(format: rate >= 100 ? "%.0f" : rate >= 10 ? "%.1f" : "%.2f", rate)
  }
}
