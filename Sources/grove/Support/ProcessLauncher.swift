import ArgumentParser
import Foundation
import GroveCore
import GroveTensor

/// Starts this command several times on this machine, as processes that train together, and sees them to their end.
///
/// The first process speaks for all; what another says is shown if it fails alone. One that ends badly ends the others.
struct ProcessLauncher {
  let count: Int

  /// The launcher that has started this process.
  struct Parent {
    fileprivate let identifier: Int32
    /// Whether it has died, after which nobody would see this process to its end.
    var isGone: Bool { getppid() != identifier }
  }

  static let parent = ProcessInfo.processInfo.environment[variable].flatMap { Int32($0) }.map(Parent.init)
  private static let variable = "GROVE_LAUNCHER"

  func run() throws {
    StopSignals.install()
    let port = try ProcessPlace.freePort()
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-train-\(UUID().uuidString)")
    try FileSystem.makeFolder(folder)
    defer { try? FileSystem.remove(folder) }
    var children: [Child] = []
    defer { for child in children { child.end() } }
    for rank in 0..<count {
      var environment = ProcessInfo.processInfo.environment
      let place = ProcessPlace(
        rank: rank, size: count, localRank: rank, localSize: count, host: "127.0.0.1", port: port)
      environment.merge(place.environment) { $1 }
      environment[ProcessLauncher.variable] = "\(getpid())"
      children.append(try Child(rank, environment, errors: folder.appending(path: "\(rank)")))
    }
    watch(children)
    try judge(children)
  }

  /// Waits until all have ended. What ends by a signal ends the others at once; what ends with an error has told them.
  private func watch(_ children: [Child]) {
    var isForwarded = false
    var deadline: ContinuousClock.Instant?
    while children.contains(where: \.process.isRunning) {
      if StopSignals.isRequested, !isForwarded {
        for child in children where child.process.isRunning { kill(child.process.processIdentifier, SIGTERM) }
        isForwarded = true
      }
      if deadline == nil, let failed = children.first(where: \.hasFailed) {
        deadline = .now + (failed.signal == nil ? .seconds(6) : .zero)
      }
      if let deadline, deadline <= .now { for child in children { child.end() } }
      usleep(20_000)
    }
  }

  /// Turns the ends of the processes into one.
  private func judge(_ children: [Child]) throws {
    let failed = children.filter { $0.hasFailed && !$0.wasEnded }
    for child in failed {
      guard let signal = child.signal else { continue }
      throw GroveError(
        .process, "", "\(child.name) was killed by \(ProcessLauncher.name(ofSignal: signal))",
        remedy: "Run the same command again: it goes on from the newest checkpoint.")
    }
    if let first = failed.first {
      Terminal.write(try first.words())
      throw ExitCode(first.process.terminationStatus)
    }
    if children.contains(where: \.hasStopped) { throw ExitCode(130) }
  }

  private static func name(ofSignal number: Int32) -> String {
    let names: [Int32: String] = [
      SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGFPE: "SIGFPE",
      SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP", SIGTRAP: "SIGTRAP",
    ]
    return names[number] ?? "signal \(number)"
  }
}

/// One of the processes.
private final class Child {
  let rank: Int
  let process = Process()
  /// Whether it was ended because of another.
  private(set) var wasEnded = false
  private let errors: URL

  /// - Parameter errors: where a process that is not the first writes what it has to say.
  init(_ rank: Int, _ environment: [String: String], errors: URL) throws {
    self.rank = rank
    self.errors = errors
    process.executableURL = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    process.arguments = Array(CommandLine.arguments.dropFirst())
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    if rank > 0 {
      try FileSystem.write("", to: errors)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = try FileHandle(forWritingTo: errors)
    }
    try process.run()
  }

  var name: String { "process \(rank) (pid \(process.processIdentifier))" }

  /// The signal that ended it.
  var signal: Int32? {
    !process.isRunning && process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
  }

  /// Ended because the user asked for it. Who still waited for the others has nothing to save, and ends by the signal.
  var hasStopped: Bool {
    guard !process.isRunning else { return false }
    return signal.map { $0 == SIGTERM && StopSignals.isRequested } ?? (process.terminationStatus == 130)
  }

  /// Ended, and neither finished nor stopped on request.
  var hasFailed: Bool { !process.isRunning && !hasStopped && (signal != nil || process.terminationStatus != 0) }

  func end() {
    guard process.isRunning else { return }
    wasEnded = true
    kill(process.processIdentifier, SIGKILL)
  }

  /// What it said, if it is not one that the user has heard.
  func words() throws -> String { rank == 0 ? "" : String(decoding: try FileSystem.read(errors), as: UTF8.self) }
}
