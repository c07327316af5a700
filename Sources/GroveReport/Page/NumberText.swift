import Foundation

/// Numbers as a reader wants them: four significant digits, thousands apart, no locale.
public enum NumberText {
  /// "2.031", "12,340", "3.2M", "1.5e-5", "–" for what is not finite.
  public static func short(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    let size = abs(value)
    if size == 0 { return "0" }
    if size < 1e-3 || size >= 1e15 { return scientific(value) }
    for (limit, unit) in [(1e12, "T"), (1e9, "B"), (1e6, "M")] where size >= limit * 0.99995 {
      return trimmed(value / limit, decimals: decimals(size / limit)) + unit
    }
    return trimmed(value, decimals: decimals(size))
  }

  public static func short(_ value: Int) -> String { short(Double(value)) }

  /// "1:02:03", "2:03", "12 s".
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "?" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    let (minutes, rest) = (whole / 60, whole % 60)
    if minutes < 60 { return String(format: "%d:%02d", minutes, rest) }
    return String(format: "%d:%02d:%02d", minutes / 60, minutes % 60, rest)
  }

  /// "831 B", "2.5 KiB", "1.9 GiB".
  public static func bytes(_ count: Int) -> String {
    for (scale, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where count >= scale {
      return fixed(Double(count) / Double(scale), 1) + " " + unit
    }
    return "\(count) B"
  }

  /// A whole number with its thousands apart: "1,234,567".
  public static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  /// "1,234.50": a fixed number of decimals, with thousands apart.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    let text = String(format: "%.\(decimals)f", abs(value))
    let parts = text.split(separator: ".", maxSplits: 1)
    let whole = Int(parts[0]).map(grouped) ?? String(parts[0])
    let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
    return (value < 0 && !isZero ? "-" : "") + whole + (parts.count > 1 ? "." + parts[1] : "")
  }

  private static func decimals(_ size: Double) -> Int { max(0, min(6, 3 - Int(log10(size).rounded(.down)))) }

  private static func trimmed(_ value: Double, decimals: Int) -> String {
    var text = fixed(value, decimals)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  private static func scientific(_ value: Double) -> String {
    let parts = String(format: "%.2e", value).split(separator: "e")
    var digits = String(parts[0])
    while digits.hasSuffix("0") { digits.removeLast() }
    if digits.hasSuffix(".") { digits.removeLast() }
    return "\(digits)e\(Int(parts[1]) ?? 0)"
  }
}
