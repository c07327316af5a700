import Foundation

/// How a process has ended.
public enum ProcessEnd: Sendable, Equatable {
  case exited(Int32)
  case killed(signal: Int32)
  /// The system did not tell, because somebody ignores SIGCHLD.
  case unknown

  /// The code with which Grove ends after it was asked to stop and has saved.
  public static let stopped = ProcessEnd.exited(130)

  /// "ended with exit code 1", "was killed by SIGKILL".
  public var words: String {
    switch self {
    case .exited(let code): "ended with exit code \(code)"
    case .killed(let signal): "was killed by \(ProcessEnd.name(ofSignal: signal))"
    case .unknown: "ended, and the system does not tell how"
    }
  }

  /// "SIGTERM"; "signal 40" for one without a name of its own.
  public static func name(ofSignal number: Int32) -> String {
    let names: [Int32: String] = [
      SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGFPE: "SIGFPE",
      SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP", SIGTRAP: "SIGTRAP", SIGQUIT: "SIGQUIT",
      SIGPIPE: "SIGPIPE", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
    ]
    return names[number] ?? "signal \(number)"
  }

  /// From the exit code of a shell, which has 128 and the signal's number for what a signal has ended.
  init(shellCode code: Int32) {
    self = (129..<193).contains(code) && code != 130 ? .killed(signal: code - 128) : .exited(code)
  }
}
