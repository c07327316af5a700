import Foundation
import GroveCore
import GroveTensor
import GroveTesting
import Testing

@Suite("Processes that train one run together", .serialized)
struct ParallelTests {
  /// The variables of torchrun for one of two processes.
  private func environment(_ rank: Int, host: String = "127.0.0.1", port: Int) -> [String: String] {
    ProcessPlace(rank: rank, size: 2, localRank: rank, localSize: 2, host: host, port: port).environment
  }

  /// The largest difference of a step's loss between two runs.
  private func lossDifference(_ training: TinyTraining, _ a: String, _ b: String) throws -> Double {
    let losses = try [a, b].map { try training.log($0, kind: "step").compactMap { $0["lossNats"]?.numberValue } }
    try #require(losses[0].count == 60 && losses[1].count == 60)
    return zip(losses[0], losses[1]).map { abs($0 - $1) }.max() ?? .infinity
  }

  private func bitsPerByte(_ training: TinyTraining, _ run: String) throws -> [Double] {
    try training.log(run, kind: "validation").compactMap { $0["bitsPerByte"]?.numberValue }
  }

  @Test(
    "Two processes have the losses of one to 1e-5, and its order of data",
    arguments: [
      "", "training.microBatchSize=1 model.dropout=0.2", "training.optimizer.moments=sharded",
      "training.optimizer.moments=sharded training.optimizer.matrices=muon",
    ])
  func sameLosses(overrides: String) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let settings = overrides.split(separator: " ").flatMap { ["--set", String($0)] }
      #expect(try tool(training.arguments("one") + settings).code == 0)
      let two = try tool(training.arguments("two", "--nproc", "2") + settings)
      #expect(two.code == 0, "\(two.errors)")
      #expect(
        two.errors.hasPrefix("two: 7,024 parameters, 60 steps of 64 tokens, float32 on cpu, 2 processes of 1 threads"))
      #expect(try lossDifference(training, "one", "two") < 1e-5)
      #expect(try training.loggedSteps("two") == Array(1...60))
      for (one, two) in zip(try bitsPerByte(training, "one"), try bitsPerByte(training, "two")) {
        #expect(abs(one - two) < 1e-5)
      }
    }
  }

  @Test("Sharded moments change no byte of what two processes train", arguments: ["float32", "bfloat16"])
  func sameBytes(precision: String) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      for moments in ["replicated", "sharded"] {
        let settings = ["training.precision=\(precision)", "training.optimizer.moments=\(moments)"]
        let result = try tool(training.arguments(moments, "--nproc", "2") + settings.flatMap { ["--set", $0] })
        #expect(result.code == 0, "\(result.errors)")
      }
      #expect(try training.ending("sharded") == training.ending("replicated"))
    }
  }

  @Test(
    "A run goes on with another number of processes, its moments sharded or not",
    arguments: [(1, 2), (2, 1)], ["replicated", "sharded"])
  func resume(processes: (first: Int, then: Int), moments: String) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let settings = ["--set", "training.optimizer.moments=\(moments)", "--set", "checkpoints.everySteps=0"]
      #expect(try tool(training.arguments("whole") + settings).code == 0)
      let first = try tool.start(training.arguments("mixed", "--nproc", "\(processes.first)") + settings)
      #expect(try first.waits { try training.loggedSteps("mixed").count >= 10 })
      first.signal(SIGTERM)
      #expect(try first.result().code == 130)
      let saved = try training.loggedSteps("mixed").count
      #expect(saved < 60)
      let second = try tool(training.arguments("mixed", "--nproc", "\(processes.then)") + settings)
      #expect(second.code == 0, "\(second.errors)")
      #expect(second.errors.contains("resumed at step \(saved) from step-"))
      #expect(
        second.errors.contains(
          "warning: processes: the run was begun with \(processes.first), now \(processes.then); the last bits may differ"
        ))
      #expect(try lossDifference(training, "whole", "mixed") < 1e-5)
    }
  }

  @Test("SIGTERM to one of them saves first, and all end with 130; the same command goes on")
  func stopped() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let port = try ProcessPlace.freePort()
      let arguments = training.arguments("run", "--set", "training.steps=100000", "--set", "checkpoints.everySteps=0")
      let processes = try (0..<2).map { try tool.start(arguments, environment: environment($0, port: port)) }
      #expect(try processes[0].waits { try training.loggedSteps("run").count > 2 })
      processes[1].signal(SIGTERM)
      let results = try processes.map { try $0.result() }
      #expect(results.map(\.code) == [130, 130])
      #expect(results[1].output == "" && results[1].errors == "")
      #expect(try results[0].json["step"]?.integerValue == training.loggedSteps("run").last)
      #expect(try FileSystem.entries(of: tool.path("run/checkpoints")).count == 1)
    }
  }

  @Test("A killed process ends the others within 10 s with a message that names it", arguments: [0, 1])
  func killed(rank: Int) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let port = try ProcessPlace.freePort()
      let arguments = training.arguments("run", "--quiet", "--set", "training.steps=100000")
      let processes = try (0..<2).map { try tool.start(arguments, environment: environment($0, port: port)) }
      #expect(try processes[0].waits { try training.loggedSteps("run").count > 2 })
      let start = ContinuousClock.now
      processes[rank].signal(SIGKILL)
      let other = try processes[1 - rank].result()
      #expect(ContinuousClock.now - start < .seconds(10))
      #expect(other.code == 1)
      let who =
        "process \(rank) (pid \(processes[rank].process.processIdentifier) on \(ProcessInfo.processInfo.hostName))"
      let sign = rank == 0 ? "it no longer answers" : "it has given no sign of life"
      #expect(other.errors == "Error: \(who) is gone: \(sign). Start all processes again.\n")
      #expect(try processes[rank].result().code == -SIGKILL)
    }
  }

  @Test("The launcher names a child that was killed, and ends the others at once")
  func killedChild() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let long = ["--quiet", "--nproc", "2", "--set", "training.steps=100000"]
      let launcher = try tool.start(training.arguments("run") + long)
      #expect(try launcher.waits { try training.loggedSteps("run").count > 2 })
      let children = try children(of: launcher.process.processIdentifier)
      try #require(children.count == 2)
      kill(children[1], SIGKILL)
      let result = try launcher.result()
      #expect(result.code == 1)
      #expect(
        result.errors == "Error: process 1 (pid \(children[1])) was killed by SIGKILL. "
          + "Run the same command again: it goes on from the newest checkpoint.\n")
      #expect(kill(children[0], 0) == -1)
    }
  }

  @Test("When the launcher is killed its processes save and end, and the next call goes on")
  func killedLauncher() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let long = ["--quiet", "--nproc", "2", "--set", "training.steps=100000", "--set", "checkpoints.everySteps=0"]
      let launcher = try tool.start(training.arguments("run") + long)
      #expect(try launcher.waits { try training.loggedSteps("run").count > 2 })
      let ranks = try children(of: launcher.process.processIdentifier)
      try #require(ranks.count == 2)
      launcher.signal(SIGKILL)
      _ = try launcher.result()
      let deadline = ContinuousClock.now + .seconds(30)
      while ranks.contains(where: isRunning), ContinuousClock.now < deadline { usleep(2_000) }
      #expect(!ranks.contains(where: isRunning))
      #expect(try FileSystem.entries(of: tool.path("run/checkpoints")).count == 1)
    }
  }

  /// Whether a process computes: one that has ended may still be listed until its parent asks for it.
  private func isRunning(_ identifier: Int32) -> Bool {
    guard kill(identifier, 0) == 0 else { return false }
    let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.dropFirst().first != "Z"
  }

  @Test("A job of an executor starts its own processes: it has a launcher, and no place among others")
  func job() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let job = try tool.start(
        training.arguments("job", "--nproc", "2"), environment: ["GROVE_LAUNCHER": "\(getpid())"])
      let result = try job.result()
      #expect(result.code == 0, "\(result.errors)")
      #expect(result.errors.contains("2 processes of 1 threads"))
    }
  }

  private func children(of parent: Int32) throws -> [Int32] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["ps", "-A", "-o", "ppid=,pid="]
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int32($0) } }
      .filter { $0.first == parent && $0.count == 2 }.map { $0[1] }.sorted()
  }

  @Test(
    "What cannot be shared is refused before anything starts",
    arguments: [
      (
        "--nproc 3", 1,
        "training.batchSize: 4 sequences cannot be shared equally by 3 processes. Give a multiple of 3."
      ),
      (
        "--nproc 2 --set training.microBatchSize=4", 1,
        "training.microBatchSize: 4 does not divide the 2 sequences that each of 2 processes takes"
      ),
      (
        "--nproc 2 --device cuda", 1,
        "device: 2 processes cannot train on cuda:0: their gradients meet on CPUs. Train with one process, or on the CPU."
      ),
      ("--nproc 0", 64, "--nproc: 0 is outside 1...1024"),
    ])
  func refused(arguments: String, code: Int, message: String) throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let result = try tool(training.arguments("run") + arguments.split(separator: " ").map(String.init))
      #expect(result.code == Int32(code))
      #expect(result.errors.hasPrefix("Error: \(message)\n"), "\(result.errors)")
      #expect(!FileSystem.exists(tool.path("run")))
    }
  }

  @Test("A launcher inside a launcher, and processes that differ, are refused in words")
  func contradictions() throws {
    try GroveTool.with { tool in
      let training = try TinyTraining(tool)
      let port = try ProcessPlace.freePort()
      let nested = try tool.start(
        training.arguments("run", "--nproc", "2"), environment: environment(1, port: port)
      ).result()
      #expect(
        nested.errors == "Error: --nproc: a launcher has already started this as process 1 of 2. "
          + "Leave out --nproc, or start the command without the launcher.\n")
      let processes = try (0..<2).map {
        try tool.start(
          training.arguments("run", "--quiet", "--set", "training.seed=\($0)"), environment: environment($0, port: port)
        )
      }
      let words =
        "process 1: differs from process 0: config.training.seed is 1, was 0. "
        + "Start all processes with the same config, data and version."
      let results = try processes.map { try $0.result() }
      #expect(results.map(\.code) == [1, 1])
      #expect(results[1].errors == "Error: \(words)\n")
      #expect(results[0].errors == "Error: process 1 gave up: \(words) Start all processes again.\n")
    }
  }
}
