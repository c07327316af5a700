import Foundation

/// Numbers as people read them.
enum Numbers {
  /// "2.56M", "14.2B", "831".
  static func short(_ value: Double) -> String {
    for (scale, letter) in [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")] where abs(value) >= scale {
      return fixed(value / scale, value / scale < 100 ? 2 : 0) + letter
    }
    return value == value.rounded() ? String(Int(value)) : fixed(value, 2)
  }

  static func short(_ value: Int) -> String { short(Double(value)) }

  static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// "1:02:03", "2:03", "12 s".
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "?" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    let (minutes, rest) = (whole / 60, whole % 60)
    if minutes < 60 { return String(format: "%d:%02d", minutes, rest) }
    return String(format: "%d:%02d:%02d", minutes / 60, minutes % 60, rest)
  }

  static func bytes(_ count: Int) -> String {
    for (scale, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where count >= scale {
      return fixed(Double(count) / Double(scale), 1) + " " + unit
    }
    return "\(count) B"
  }
}
