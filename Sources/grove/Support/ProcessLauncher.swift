import ArgumentParser
import Foundation
import GroveCore
import GroveJobs
import GroveTensor

/// Starts this command several times on this machine, as processes that train together, and sees them to their end.
///
/// The first process speaks for all; what another says is shown if it fails alone. One that ends badly ends the others.
struct ProcessLauncher {
  let count: Int

  func run() throws {
    StopSignals.install()
    let port = try ProcessPlace.freePort()
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-train-\(UUID().uuidString)")
    try FileSystem.makeFolder(folder)
    defer { try? FileSystem.remove(folder) }
    var ranks: [Rank] = []
    defer { for rank in ranks { rank.process.kill() } }
    for number in 0..<count {
      let place = ProcessPlace(
        rank: number, size: count, localRank: number, localSize: count, host: "127.0.0.1", port: port)
      ranks.append(try Rank(place, errors: folder.appending(path: "\(number)")))
    }
    watch(ranks)
    try judge(ranks)
  }

  /// Waits until all have ended. What ends by a signal ends the others at once; what ends with an error has told them.
  private func watch(_ ranks: [Rank]) {
    var isForwarded = false
    var deadline: ContinuousClock.Instant?
    while ranks.contains(where: \.isRunning) {
      if StopSignals.isRequested, !isForwarded {
        for rank in ranks { rank.process.send(SIGTERM) }
        isForwarded = true
      }
      if deadline == nil, let failed = ranks.first(where: \.hasFailed) {
        deadline = .now + (failed.isKilled ? .zero : .seconds(6))
      }
      if let deadline, deadline <= .now { for rank in ranks { rank.end() } }
      usleep(20_000)
    }
  }

  /// Turns the ends of the processes into one.
  private func judge(_ ranks: [Rank]) throws {
    let failed = ranks.filter { $0.hasFailed && !$0.wasEnded }
    for rank in failed where rank.isKilled {
      throw GroveError(
        .process, "", "\(rank.name) \(rank.process.poll()?.words ?? "")",
        remedy: "Run the same command again: it goes on from the newest checkpoint.")
    }
    if let first = failed.first {
      Terminal.write(try first.words())
      if case .exited(let code) = first.process.poll() { throw ExitCode(code) }
      throw ExitCode.failure
    }
    if ranks.contains(where: \.hasStopped) { throw ExitCode(130) }
  }
}

/// One of the processes.
private final class Rank {
  let process: ChildProcess
  /// Whether it was ended because of another.
  private(set) var wasEnded = false
  private let number: Int
  private let errors: URL

  /// - Parameter errors: where a process that is not the first writes what it has to say.
  init(_ place: ProcessPlace, errors: URL) throws {
    number = place.rank
    self.errors = errors
    process = try ChildProcess(
      ChildProcess.thisExecutable, Array(CommandLine.arguments.dropFirst()), environment: place.environment,
      output: number == 0 ? .inherited : .discarded, errors: number == 0 ? .inherited : .appended(to: errors))
  }

  var name: String { "process \(number) (pid \(process.identifier))" }
  var isRunning: Bool { process.poll() == nil }
  var isKilled: Bool { if case .killed = process.poll() { true } else { false } }

  /// Ended because the user asked for it. Who still waited for the others has nothing to save, and ends by the signal.
  var hasStopped: Bool {
    process.poll() == .stopped || process.poll() == .killed(signal: SIGTERM) && StopSignals.isRequested
  }

  /// Ended, and neither finished nor stopped on request.
  var hasFailed: Bool { !isRunning && !hasStopped && process.poll() != .exited(0) }

  func end() {
    guard isRunning else { return }
    wasEnded = true
    process.kill()
  }

  /// What it said, if it is not one that the user has heard.
  func words() throws -> String {
    number == 0 || !FileSystem.exists(errors) ? "" : String(decoding: try FileSystem.read(errors), as: UTF8.self)
  }
}
