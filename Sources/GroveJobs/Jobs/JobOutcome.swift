/// How a job ended.
public enum JobOutcome: Sendable, Equatable {
  /// It ended with exit code 0.
  case finished
  /// It ended otherwise, and why: with the last line of its log, where there is one.
  case failed(String)
  /// It was stopped before its end, or never started, and why. The same job goes on when it is run again.
  case interrupted(String)
}
