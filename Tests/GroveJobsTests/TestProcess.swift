import Foundation

/// What tests ask about processes that are not theirs.
enum TestProcess {
  /// Whether a process computes: one that nobody has waited for has ended.
  static func isRunning(_ identifier: Int32) -> Bool {
    guard kill(identifier, 0) == 0 else { return false }
    guard let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8) else { return true }
    return status.split(separator: ")").last?.dropFirst().first != "Z"
  }

  /// Waits until something is so; false after half a minute.
  static func waits(until isSo: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      if try isSo() { return true }
      usleep(2_000)
    }
    return false
  }
}
