import Foundation

/// The process of Grove that has started this one and sees it to its end.
///
/// On Linux a process that loses it is told by SIGTERM, as for any stop. Elsewhere long work asks between its steps.
public struct LauncherProcess: Sendable {
  static let variable = "GROVE_LAUNCHER"
  private let identifier: Int32

  /// The launcher of this process; nil if a person or another program has started it.
  public static let current = ProcessInfo.processInfo.environment[variable].flatMap { Int32($0) }
    .map(LauncherProcess.init)

  /// Whether it has died, after which nobody would see this process to its end.
  public var isGone: Bool { getppid() != identifier }
}
