import Foundation
import GroveCore
import GroveJobs
import GroveTesting
import Testing

/// What happens to jobs that Slurm has, with commands that answer as Slurm's do.
@Suite("Jobs on Slurm")
struct SlurmExecutorTests {
  private func with(_ body: (JobFolder, FakeSlurm) throws -> Void) throws {
    try JobFolder.with { try body($0, FakeSlurm($0)) }
  }

  @Test("Jobs run as tasks of an array, and their own exit codes are the outcomes")
  func outcomes() throws {
    try with { folder, slurm in
      try slurm.says("run")
      let jobs = [
        folder.job("good", "echo hello; echo $OMP_NUM_THREADS $GROVE_LAUNCHER-; cat"),
        folder.job("bad", "echo 'Error: no such thing' >&2; exit 3"), folder.job("killed", "kill -KILL $$"),
        folder.job("told", "exit 130"),
      ]
      let (outcomes, events) = try slurm.executor().collect(jobs)
      #expect(
        outcomes == [
          "good": .finished, "bad": .failed("ended with exit code 3: Error: no such thing"),
          "killed": .failed("was killed by SIGKILL, as the system does when memory runs out and said nothing"),
          "told": .interrupted("was told to stop by somebody else"),
        ])
      #expect(try folder.log("good") == "hello\n1 -\n")
      #expect(
        events.prefix(2) == [
          .queued(name: "good", place: "Slurm job 7_0"), .queued(name: "bad", place: "Slurm job 7_1"),
        ])
      #expect(events.compactMap(\.startedPlace).contains { $0.hasSuffix(" (Slurm job 7_2)") })
      #expect(slurm.submissions == 1)
    }
  }

  @Test("A log that cannot be written fails its job with what the script says")
  func log() throws {
    try with { folder, slurm in
      try slurm.says("run")
      try FileSystem.write("", to: folder.path("file"))
      var job = folder.job("a", "exit 0")
      job.log = folder.path("file/a.log")
      let (outcomes, _) = try slurm.executor().collect([job])
      #expect(outcomes == ["a": .failed("ended with exit code 1 and said nothing")])
    }
  }

  @Test(
    "What Slurm says of a job that has told no end is its outcome",
    arguments: [
      ("CANCELLED", JobOutcome.interrupted("was cancelled in Slurm")),
      ("TIMEOUT", .failed("did not save in time before its time limit; raise 'secondsToSave'")),
      ("OUT_OF_MEMORY", .failed("ran out of the memory that Slurm gave it")),
      ("NODE_FAIL", .failed("lost its node, and Slurm did not start it again")),
      ("DEADLINE", .failed("did not end before its deadline")),
      ("PREEMPTED", .interrupted("was preempted, and Slurm did not put it back into its queue")),
      ("FAILED", .failed("vanished: Slurm says FAILED, and it left no exit code; do the nodes see DIR/state/0001?")),
      ("", .failed("vanished: Slurm no longer knows it, and it left no exit code; do the nodes see DIR/state/0001?")),
    ])
  func states(state: String, outcome: JobOutcome) throws {
    try with { folder, slurm in
      // Other people's jobs, and tasks of other arrays, are none of ours.
      try slurm.says("queue", "8_0|RUNNING|n1|None\n12|RUNNING|n1|None\n\(state.isEmpty ? "" : "7_0|\(state)||None\n")")
      let (outcomes, _) = try slurm.executor().collect([folder.job("a", "")])
      let seen = outcomes.mapValues { outcome in
        if case .failed(let reason) = outcome { JobOutcome.failed(folder.relative(reason)) } else { outcome }
      }
      #expect(seen == ["a": outcome])
    }
  }

  @Test("Slurm's own last words stand in for those of a job that has vanished")
  func slurmLog() throws {
    try with { folder, slurm in
      try slurm.says("queue", "7_0|RUNNING|n1|None\n")
      let (outcomes, _) = try slurm.executor().collect([folder.job("a", "")]) { _ in
        let log = folder.path("state/0001/slurm-0.log")
        if slurm.submissions == 1, !FileSystem.exists(log) {
          try? FileSystem.write("slurmstepd: error: no such directory\n", to: log)
          try? slurm.says("queue", "7_0|FAILED|n1|None\n")
        }
        return false
      }
      #expect(
        outcomes == [
          "a": .failed(
            "vanished: Slurm says FAILED, and it left no exit code: slurmstepd: error: no such directory")
        ])
    }
  }

  @Test("A job that Slurm requeues is told so, starts again and finishes")
  func requeue() throws {
    try with { folder, slurm in
      try slurm.says("run")
      try slurm.says("queue", "7_0|RUNNING|n1|None\n")
      let script = """
        if test -e $DIR/state1; then exit 0; fi
        trap 'touch $DIR/state1; exit 130' TERM; touch $DIR/up; while :; do sleep 0.01; done
        """
      var step = 0
      let (outcomes, events) = try slurm.executor().collect([folder.job("a", script)]) { events in
        if step == 0, folder.exists("up"), events.compactMap(\.startedName).count == 1 {
          step = 1
          try? slurm.signal(0, SIGTERM, all: true)
        }
        if step == 1, folder.exists("state/0001/0.ended") {
          step = 2
          try? slurm.says("queue", "7_0|PENDING||BeginTime\n")
        }
        if step == 2, events.contains(.requeued(name: "a", reason: "Slurm put it back into the queue")) {
          step = 3
          try? slurm.says("queue", "7_0|RUNNING|n2|None\n")
          try? slurm.start(0, restarts: 1)
        }
        return false
      }
      #expect(outcomes == ["a": .finished])
      #expect(events.compactMap(\.startedName) == ["a", "a"])
      #expect(events.count { if case .requeued = $0 { true } else { false } } == 1)
    }
  }

  @Test("Before the time limit a job saves once and asks for a place in the queue", arguments: [true, false])
  func timeLimit(isWilling: Bool) throws {
    try with { folder, slurm in
      try slurm.says("run")
      try slurm.says("queue", "7_0|RUNNING|n1|None\n")
      if !isWilling { try slurm.says("unwilling") }
      let script = "trap 'echo told; sleep 0.2; exit 130' TERM; touch $DIR/up; while :; do sleep 0.01; done"
      var isSent = false
      let (outcomes, events) = try slurm.executor().collect([folder.job("a", script)]) { events in
        if folder.exists("up"), !isSent {
          isSent = true
          try? slurm.signal(0, SIGUSR1)
        }
        if !slurm.calls("scontrol").isEmpty { try? slurm.says("queue", "7_0|PENDING||BeginTime\n") }
        return events.contains { if case .requeued = $0 { true } else { false } }
      }
      #expect(slurm.calls("scontrol") == ["requeue 7_0"])
      #expect(try folder.log("a") == "told\n")
      if isWilling {
        #expect(events.contains(.requeued(name: "a", reason: "it saved before its time limit")))
        #expect(outcomes == ["a": .interrupted("is left with Slurm as job 7_0")])
      } else {
        #expect(outcomes == ["a": .interrupted("saved before its time limit, and Slurm does not let it go on")])
      }
    }
  }

  @Test("When Slurm ends a job, its command is told once")
  func once() throws {
    try with { folder, slurm in
      try slurm.says("run")
      try slurm.says("queue", "7_0|RUNNING|n1|None\n")
      let script = "trap 'echo told >>$DIR/told' TERM; touch $DIR/up; for i in $(seq 50); do sleep 0.01; done; exit 130"
      var isSent = false
      let (outcomes, _) = try slurm.executor().collect([folder.job("a", script)]) { _ in
        if folder.exists("up"), !isSent {
          isSent = true
          try? slurm.signal(0, SIGTERM, all: true)
        }
        if folder.exists("state/0001/0.ended") { try? slurm.says("queue", "7_0|CANCELLED|n1|None\n") }
        return false
      }
      #expect(try folder.text("told") == "told\n")
      #expect(outcomes == ["a": .interrupted("was cancelled in Slurm")])
    }
  }

  @Test("A wait for what may never come is told once, an ordinary one is not")
  func waits() throws {
    try with { folder, slurm in
      try slurm.says(
        "queue", "7_0|PENDING||PartitionTimeLimit\n7_1|PENDING||Resources\n7_2|REQUEUE_HOLD||JobHeldUser\n")
      let jobs = ["a", "b", "c"].map { folder.job($0, "") }
      var looks = 0
      let (_, events) = try slurm.executor().collect(jobs) { _ in
        looks += 1
        return slurm.calls("squeue").count > 3
      }
      #expect(
        events.compactMap(\.warning) == [
          "Slurm holds a (job 7_0) back: PartitionTimeLimit",
          "Slurm holds c back until you run 'scontrol release 7_2'",
        ])
    }
  }

  @Test("While the controller is gone jobs are followed by their files, with one warning")
  func unreachable() throws {
    try with { folder, slurm in
      try slurm.says("run")
      try slurm.says("down")
      let job = folder.job("a", "while ! test -e $DIR/go; do sleep 0.01; done")
      let (outcomes, events) = try slurm.executor().collect([job]) { events in
        if events.contains(where: { $0.warning != nil }) { try? FileSystem.write("", to: folder.path("go")) }
        return false
      }
      #expect(outcomes == ["a": .finished])
      #expect(
        events.compactMap(\.warning) == [
          "squeue: Slurm does not answer: Unable to contact slurm controller (connect failure). "
            + "Jobs that are with Slurm go on; try again when 'sinfo' answers."
        ])
    }
  }
}
