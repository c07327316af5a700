import GroveEval
import GroveReport

extension NumberText {
  /// "1.966 to 2.150", or a dash where there is no interval.
  static func interval(_ interval: Interval?, _ digits: Int) -> String {
    guard let interval else { return "–" }
    return "\(fixed(interval.lower, digits)) to \(fixed(interval.upper, digits))"
  }
}
