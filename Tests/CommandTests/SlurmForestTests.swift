import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("A forest on a real Slurm", .enabled(if: LocalSlurm.isInstalled, "\(LocalSlurm.reason)"))
struct SlurmForestTests {
  @Test("With one expert's process killed and another's job cancelled, growing again gives the local forest's bytes")
  func equalBytes() throws {
    try LocalSlurm.with { slurm in
      try GroveTool.with { tool in
        let forest = try CommandForest(tool, steps: 400)
        #expect(try tool(forest.growing("local")).code == 0)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let environment = ["PATH": "\(slurm.commands.path):\(path)"]
        let arguments = forest.growing(
          "slurm", "--executor", "slurm", "--slurm-set", "pollSeconds=0.5", "--slurm-set", "patienceSeconds=5")

        let first = try tool.start(arguments, environment: environment)
        #expect(try first.waits { try forest.loggedSteps("slurm/experts/ants") > 2 })
        kill(try #require(try process(of: tool.path("slurm/experts/ants").path)), SIGKILL)
        #expect(try first.waits { try forest.loggedSteps("slurm/experts/wasps") > 2 })
        let array = try FileSystem.read(tool.path("slurm/jobs/0002/submitted"))
        try slurm.call("scancel", "\(String(decoding: array, as: UTF8.self).trimmingCharacters(in: .newlines))_2")
        let broken = try first.result()
        #expect(broken.code == 1, "\(broken.errors)")
        let failure = try broken.json["failures"]?["ants"]?.stringValue ?? ""
        #expect(failure.hasPrefix("was killed by SIGKILL, as the system does when memory runs out: "), "\(failure)")
        #expect(try broken.json["interrupted"] == ["wasps"])
        #expect(try broken.json["forest"]?["experts"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["bees"])

        let last = try tool.start(arguments, environment: environment).result()
        #expect(last.code == 0, "\(last.errors)")
        #expect(try forest.manifest("slurm") == forest.manifest("local"))
        #expect(try tool("forest", "show", "slurm", "--verify").code == 0)
      }
    }
  }

  /// The process that trains a run: the one that is grove and names the run's folder, not the shell above it.
  private func process(of run: String) throws -> Int32? {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.first { identifier in
      guard let command = FileManager.default.contents(atPath: "/proc/\(identifier)/cmdline") else { return false }
      let words = String(decoding: command, as: UTF8.self).split(separator: "\0")
      return words.first?.hasSuffix("/grove") == true && words.contains(run[...])
    }
  }
}
