import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("A training process that dies", .serialized)
struct KillTests {
  @Test(
    "Killed with SIGKILL at random moments, the same command ends with the bytes of an undisturbed run",
    arguments: [1, 2])
  func killed(seed: UInt64) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("whole")).code == 0)
      let draws = RandomKey(seed: seed).split("kills")
      for kill in 0..<4 {
        let running = try tool.start(training.arguments("killed"))
        let before = try training.loggedSteps("killed").last ?? 0
        let limit = min(before + Int(draws.bits(2 * kill) % 12), 58)
        let inSave = kill.isMultiple(of: 2)
        _ = try running.waits {
          // Every second time in the middle of a save, which the folder that is being written tells.
          guard try training.loggedSteps("killed").last ?? 0 >= limit else { return false }
          return !inSave || (try? partial(tool, "killed")) ?? false
        }
        for _ in 0..<draws.bits(2 * kill + 1) % 4 { sched_yield() }
        running.signal(SIGKILL)
        let code = try running.result().code
        #expect(code == -SIGKILL || code == 0)
      }
      let last = try tool(training.arguments("killed"))
      #expect(last.code == 0, "\(last.errors)")
      #expect(try training.ending("killed") == training.ending("whole"))
      #expect(try training.loggedSteps("killed") == Array(1...60))
      let validations = try training.log("killed", kind: "validation").compactMap { $0["step"]?.integerValue }
      #expect(validations == [20, 40, 60])
    }
  }

  private func partial(_ tool: GroveTool, _ run: String) throws -> Bool {
    try FileSystem.entries(of: tool.path("\(run)/checkpoints")).contains { $0.lastPathComponent.hasSuffix(".partial") }
  }

  @Test("SIGTERM and SIGINT save first and end with 130; the same command goes on", arguments: [SIGTERM, SIGINT])
  func stopped(signal: Int32) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("whole")).code == 0)
      let running = try tool.start(training.arguments("stopped", "--set", "checkpoints.everySteps=0"))
      #expect(try running.waits { try training.loggedSteps("stopped").count > 2 })
      running.signal(signal)
      let result = try running.result()
      let step = try #require(try training.loggedSteps("stopped").last)
      #expect(result.code == 130)
      #expect(try result.json["finished"]?.boolValue == false)
      #expect(try result.json["step"]?.integerValue == step)
      #expect(try FileSystem.entries(of: tool.path("stopped/checkpoints")).count == 1)
      let again = try tool(training.arguments("stopped", "--set", "checkpoints.everySteps=0"))
      #expect(again.code == 0)
      #expect(again.errors.contains("resumed at step \(step) from step-"))
      #expect(try training.ending("stopped") == training.ending("whole"))
    }
  }

  @Test("A second process on the same run is refused with exit code 1; the first one is not disturbed")
  func second() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let long = training.arguments("run", "--set", "training.steps=100000")
      let first = try tool.start(long)
      #expect(try first.waits { try !training.loggedSteps("run").isEmpty })
      let second = try tool(long)
      #expect(second.code == 1)
      #expect(
        second.errors.hasSuffix("Error: DIR/run: another process is training this run. Wait for it, or stop it.\n"))
      first.signal(SIGTERM)
      #expect(try first.result().code == 130)
    }
  }

  @Test("A file that may not grow ends the run with exit code 1 and what to do, and the next call goes on")
  func fullDisk() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      #expect(try tool(training.arguments("whole")).code == 0)
      let running = try tool.start(training.arguments("full"))
      #expect(try running.waits { try training.loggedSteps("full").count >= 6 })
      running.signal(SIGKILL)
      _ = try running.result()
      // Blocks of 1 KiB: no file may grow beyond 20 KiB, as on a full disk.
      let script = "trap '' XFSZ; ulimit -f 20; exec \"$@\""
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/bash")
      shell.arguments = ["-c", script, "bash", GroveTool.executable.path] + training.arguments("full", "--quiet")
      shell.currentDirectoryURL = tool.folder
      let pipe = Pipe()
      shell.standardError = pipe
      shell.standardOutput = FileHandle.nullDevice
      try shell.run()
      let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 1)
      #expect(errors.contains("could not be saved: "), "\(errors)")
      #expect(errors.contains("cannot write: file too large. Make room and run the same command again; "), "\(errors)")
      #expect(errors.hasSuffix("is whole.\n"), "\(errors)")
      #expect(try tool(training.arguments("full")).code == 0)
      #expect(try training.ending("full") == training.ending("whole"))
    }
  }
}
