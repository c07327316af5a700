import Foundation
import GroveCore
import GroveJobs
import GroveTesting
import Testing

@Suite("Jobs on this machine")
struct LocalExecutorTests {
  private func executor(cores: Int, grace: Duration = .seconds(20)) -> LocalExecutor {
    // On one core, several slots of the same: what is tested is who runs when.
    let all = ProcessorCores.available
    return LocalExecutor(
      executable: JobFolder.shell, cores: (0..<cores).map { all[$0 % all.count] }, gracePeriod: grace)
  }

  @Test("Every job has an outcome, and jobs on one core run one after the other in their order")
  func order() throws {
    try JobFolder.with { folder in
      let jobs = ["c", "a", "b"].map {
        folder.job($0, "echo \($0) >>$DIR/order; test -e $DIR/busy && echo two; exit 0")
      }
      let (outcomes, events) = try executor(cores: 1).collect(jobs)
      #expect(outcomes == ["a": .finished, "b": .finished, "c": .finished])
      #expect(try folder.text("order") == "c\na\nb\n")
      #expect(events.compactMap(\.startedName) == ["c", "a", "b"])
      #expect(events.compactMap(\.finishedName) == ["c", "a", "b"])
    }
  }

  @Test("As many run at once as there are cores for: two that wait for each other finish on two cores")
  func together() throws {
    try JobFolder.with { folder in
      func meeting(_ own: String, _ other: String) -> Job {
        folder.job(own, "touch $DIR/\(own); while ! test -e $DIR/\(other); do sleep 0.01; done")
      }
      let (outcomes, _) = try executor(cores: 2).collect([meeting("a", "b"), meeting("b", "a")])
      #expect(outcomes == ["a": .finished, "b": .finished])
    }
  }

  @Test("A job that fails is told with the last line of its log, and the others finish")
  func isolation() throws {
    try JobFolder.with { folder in
      let jobs = [
        folder.job("bad", "echo first; echo 'Error: no such thing' >&2; echo; exit 3"),
        folder.job("silent", "exit 1"),
        folder.job("killed", "echo on my way; kill -KILL $$"),
        folder.job("good", "echo fine"),
      ]
      let (outcomes, events) = try executor(cores: 2).collect(jobs)
      let reason = "ended with exit code 3: Error: no such thing"
      #expect(
        outcomes == [
          "bad": .failed(reason), "silent": .failed("ended with exit code 1 and said nothing"),
          "killed": .failed("was killed by SIGKILL, as the system does when memory runs out: on my way"),
          "good": .finished,
        ])
      #expect(events.contains(.failed(name: "bad", reason: reason, log: folder.path("logs/bad.log"))))
      #expect(events.contains(.output(name: "good", line: "fine")))
    }
  }

  @Test("Output and errors are added to the log, and the last line is one of this attempt")
  func log() throws {
    try JobFolder.with { folder in
      let run = executor(cores: 1)
      _ = try run.collect([folder.job("a", "echo out; echo err >&2")])
      let (outcomes, _) = try run.collect([folder.job("a", "exit 2")])
      #expect(try folder.log("a") == "out\nerr\n")
      #expect(outcomes == ["a": .failed("ended with exit code 2 and said nothing")])
    }
  }

  @Test("A job sees its own variables over ours, its number of threads, and no input")
  func environment() throws {
    try JobFolder.with { folder in
      var job = folder.job("a", cores: 2, "echo $OMP_NUM_THREADS $HOME $NEW; cat; echo $GROVE_LAUNCHER")
      job.environment["HOME"] = "elsewhere"
      job.environment["NEW"] = "a b\nc"
      var other = folder.job("b", "echo $OMP_NUM_THREADS")
      other.environment["OMP_NUM_THREADS"] = "7"
      _ = try executor(cores: 2).collect([job, other])
      #expect(try folder.log("a") == "2 elsewhere a b c\n\(getpid())\n")
      #expect(try folder.log("b") == "7\n")
    }
  }

  #if os(Linux)
    @Test("A job may use the cores of its group and no others; neighbours stay neighbours")
    func pinning() throws {
      try JobFolder.with { folder in
        let cores = Array(ProcessorCores.available.prefix(2))
        let script = "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status"
        let jobs = (0..<3).map { folder.job("\($0)", script) }
        let (_, events) = try LocalExecutor(executable: JobFolder.shell, cores: cores).collect(jobs)
        let seen = try Set((0..<3).map { try folder.log("\($0)") })
        #expect(seen.isSubset(of: cores.map { "\($0)\n" }))
        #expect(seen.count == cores.count)
        #expect(events.compactMap(\.startedPlace).allSatisfy { $0.hasPrefix("core ") && $0.contains(" (pid ") })
      }
    }
  #endif

  @Test("A stop tells what runs to save, starts nothing more, and leaves what has finished")
  func stop() throws {
    try JobFolder.with { folder in
      let saving = "trap 'echo saved >$DIR/saved; exit 130' TERM; touch $DIR/up; while :; do sleep 0.01; done"
      let jobs = [folder.job("done", "exit 0"), folder.job("saves", saving), folder.job("later", "touch $DIR/later")]
      let (outcomes, events) = try executor(cores: 1).collect(jobs) { _ in folder.exists("up") }
      #expect(
        outcomes == [
          "done": .finished, "saves": .interrupted("was told to stop"),
          "later": .interrupted("was not started before the stop"),
        ])
      #expect(folder.exists("saved") && !folder.exists("later"))
      #expect(events.contains(.interrupted(name: "saves", reason: "was told to stop")))
    }
  }

  @Test("One that does not end in time is killed, with all that it has started")
  func grace() throws {
    try JobFolder.with { folder in
      let deaf = "trap '' TERM; sleep 1000 & echo $! >$DIR/child; touch $DIR/up; while :; do sleep 0.01; done"
      let (outcomes, _) = try executor(cores: 1, grace: .milliseconds(100)).collect([folder.job("deaf", deaf)]) { _ in
        folder.exists("up")
      }
      #expect(
        outcomes == ["deaf": .interrupted("did not end within 0.1 seconds of being told to stop, and was killed")])
      let child = try #require(Int32(try folder.text("child").trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(TestProcess.waits { !TestProcess.isRunning(child) })
    }
  }

  #if os(Linux)
    @Test("A process whose launcher dies is told to stop: on Linux that is the thread that started it")
    func orphan() throws {
      try JobFolder.with { folder in
        let script = """
          trap 'touch $DIR/told; exit 130' TERM
          echo $$ >$DIR/pid
          touch $DIR/up
          while :; do sleep 0.01; done
          """
        let starter = Thread {
          _ = try? ChildProcess(
            JobFolder.shell, ["-c", script], environment: ["DIR": folder.url.path], output: .discarded)
          _ = TestProcess.waits { folder.exists("up") }
        }
        starter.start()
        #expect(TestProcess.waits { folder.exists("told") })
        // Left as a zombie, it would keep the tests' own processes from being seen to end.
        let child = try #require(Int32(try folder.text("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
        waitpid(child, nil, 0)
      }
    }
  #endif

  @Test("Code 130 that nobody asked for is an interruption")
  func interruption() throws {
    try JobFolder.with { folder in
      let (outcomes, _) = try executor(cores: 1).collect([folder.job("a", "exit 130")])
      #expect(outcomes == ["a": .interrupted("was told to stop by somebody else")])
    }
  }

  @Test("A log that cannot be written and a program that is not there fail their job alone")
  func cannotStart() throws {
    try JobFolder.with { folder in
      try FileSystem.write("", to: folder.path("file"))
      var job = folder.job("a", "exit 0")
      job.log = folder.path("file/a.log")
      let (outcomes, _) = try executor(cores: 1).collect([job, folder.job("b", "exit 0")])
      guard case .failed(let reason) = outcomes["a"] else { throw GroveError(.job, "a", "\(outcomes)") }
      #expect(folder.relative(reason) == "DIR/file: cannot create the folder: file exists")
      #expect(outcomes["b"] == .finished)
      let missing = LocalExecutor(executable: folder.path("missing"))
      #expect(
        try missing.collect([folder.job("c", "")]).outcomes
          == ["c": .failed("\(folder.path("missing").path): cannot start: no such file or directory")])
    }
  }
}

@Suite("Jobs that no executor can run")
struct RefusedJobTests {
  private func refusal(_ jobs: [Job], cores: [Int] = [0]) -> String {
    do {
      _ = try LocalExecutor(executable: JobFolder.shell, cores: cores).collect(jobs)
      return "nothing thrown"
    } catch { return "\(error)" }
  }

  private func job(_ name: String, cores: Int = 1, _ arguments: [String] = []) -> Job {
    Job(name: name, arguments: arguments, cores: cores, log: URL(filePath: "log"))
  }

  @Test("Each is refused in words before anything starts")
  func refusals() {
    #expect(refusal([job("a"), job("a")]) == "jobs: two jobs are called 'a'. Give each a name of its own.")
    #expect(refusal([job("")]) == "jobs: a job has no name")
    #expect(refusal([job("a", cores: 0)]) == "a: 0 cores are not enough. A job needs at least one.")
    #expect(
      refusal([job("a", cores: 3)], cores: [4, 5])
        == "a: it asks for 3 cores, and this process may use 2. Give it fewer, or run it where there are more.")
    #expect(refusal([job("a", ["x\0y"])]) == "a: its command holds a zero byte, which no command can")
    var named = job("a")
    named.environment = ["A=B": "c"]
    #expect(refusal([named]) == "a: 'A=B' cannot name a variable")
  }

  @Test("No jobs have no outcomes")
  func none() throws {
    #expect(try LocalExecutor(executable: JobFolder.shell).collect([]).outcomes == [:])
  }
}
