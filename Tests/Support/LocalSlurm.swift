public import Foundation
import GroveCore
import GroveJobs

/// A Slurm cluster of one node, started for a test and stopped after it.
public struct LocalSlurm: Sendable {
  /// Where the cluster keeps its files.
  public let folder: URL

  /// Whether its programs are there; if not, the tests that need them are skipped with `reason`.
  public static let isInstalled = ["munged", "slurmctld", "slurmd", "sbatch"].allSatisfy { name in
    ["/usr/sbin", "/usr/bin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }
  public static let reason = "needs Debian's slurm-wlm and munge; 'scripts/slurm-local install' installs them"

  /// Variables by which Slurm's commands find the cluster.
  public var environment: [String: String] { ["SLURM_CONF": folder.appending(path: "slurm.conf").path] }
  /// A folder with Slurm's commands that ask this cluster.
  public var commands: URL { folder.appending(path: "commands") }

  /// Starts a cluster for `body`, and stops it.
  public static func with<Result>(_ body: (LocalSlurm) throws -> Result) throws -> Result {
    try Fixtures.withTemporaryFolder { folder in
      let slurm = LocalSlurm(folder: folder.resolvingSymlinksInPath())
      defer { _ = try? slurm.script("stop") }
      try slurm.script("start")
      try FileSystem.makeFolder(slurm.commands)
      for name in ["sbatch", "squeue", "scancel", "scontrol"] {
        let file = slurm.commands.appending(path: name)
        let variables = slurm.environment.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        try FileSystem.write("#!/bin/sh\n\(variables) exec /usr/bin/\(name) \"$@\"\n", to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      }
      return try body(slurm)
    }
  }

  /// Runs one of Slurm's commands to its end.
  public func call(_ name: String, _ arguments: String...) throws {
    try LocalSlurm.run(commands.appending(path: name), arguments)
  }

  private func script(_ verb: String) throws {
    try LocalSlurm.run(Fixtures.package.appending(path: "scripts/slurm-local"), [verb, folder.path])
  }

  /// Not by Foundation's `Process`, which waits for the daemons too: they inherit what it waits for.
  private static func run(_ program: URL, _ arguments: [String]) throws {
    let said = FileManager.default.temporaryDirectory.appending(path: "grove-slurm-\(UUID().uuidString)")
    defer { try? FileSystem.remove(said) }
    let end = try ChildProcess(program, arguments, output: .discarded, errors: .appended(to: said)).wait()
    guard end == .exited(0) else {
      let words = String(decoding: try FileSystem.read(said), as: UTF8.self)
      throw GroveError(.file, program.lastPathComponent, words.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
