import Foundation
import GroveCore
import GroveJobs
import GroveTesting
import Testing

/// What a second process makes of what a first one has left with Slurm, and what stops mean.
@Suite("Jobs that are with Slurm already")
struct SlurmRestartTests {
  private func with(_ body: (JobFolder, FakeSlurm) throws -> Void) throws {
    try JobFolder.with { try body($0, FakeSlurm($0)) }
  }

  private func error(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing thrown"
    } catch { return "\(error)" }
  }

  @Test("A stop leaves jobs with Slurm; the next call follows them and submits nothing")
  func detach() throws {
    try with { folder, slurm in
      try slurm.says("queue", "7_0|RUNNING|n1|None\n7_1|PENDING||Resources\n")
      let jobs = ["a", "b"].map { folder.job($0, "exit 0") }
      let first = try slurm.executor().collect(jobs) { _ in true }
      #expect(
        first.outcomes == [
          "a": .interrupted("is left with Slurm as job 7_0"), "b": .interrupted("is left with Slurm as job 7_1"),
        ])
      for task in 0..<2 { try slurm.start(task) }
      let second = try slurm.executor().collect(jobs)
      #expect(second.outcomes == ["a": .finished, "b": .finished])
      #expect(slurm.submissions == 1 && slurm.calls("scancel") == [])
    }
  }

  @Test("What ended while nobody watched is told once; after that the job is submitted anew")
  func ended() throws {
    try with { folder, slurm in
      let jobs = [folder.job("a", "exit 1"), folder.job("b", "exit 0")]
      _ = try slurm.executor().collect(jobs) { _ in true }
      for task in 0..<2 { try slurm.start(task) }
      #expect(TestProcess.waits { (0..<2).allSatisfy { folder.exists("state/0001/\($0).ended") } })
      let told = try slurm.executor().collect(jobs).outcomes
      #expect(told == ["a": .failed("ended with exit code 1 and said nothing"), "b": .finished])
      #expect(slurm.submissions == 1)
      try slurm.says("run")
      #expect(try slurm.executor().collect([jobs[0]]).outcomes.count == 1)
      #expect(slurm.submissions == 2)
      #expect(try folder.text("state/0001/0.reported") == "failed: ended with exit code 1 and said nothing\n")
    }
  }

  @Test("A process that died between submitting and noting it finds the array by its name")
  func adoption() throws {
    try with { folder, slurm in
      let job = folder.job("a", "exit 0")
      _ = try slurm.executor().collect([job]) { _ in true }
      try FileSystem.remove(folder.path("state/0001/submitted"))
      try slurm.says("queue", "7_0|RUNNING|n1|None\n")
      try slurm.start(0)
      #expect(try slurm.executor().collect([job]).outcomes == ["a": .finished])
      #expect(slurm.submissions == 1)
      #expect(try folder.text("state/0001/submitted") == "7\n")
    }
  }

  @Test("A process that died before submitting has submitted nothing: the next one does")
  func intent() throws {
    try with { folder, slurm in
      let job = folder.job("a", "exit 0")
      _ = try slurm.executor().collect([job]) { _ in true }
      try FileSystem.remove(folder.path("state/0001/submitted"))
      try slurm.says("run")
      #expect(try slurm.executor().collect([job]).outcomes == ["a": .finished])
      #expect(slurm.submissions == 2)
      #expect(try FileSystem.entries(of: folder.path("state")).map(\.lastPathComponent) == [".lock", "0001"])
    }
  }

  @Test("A job that Slurm still has with another command is refused; one that it no longer has gives way")
  func otherCommand() throws {
    try with { folder, slurm in
      _ = try slurm.executor().collect([folder.job("a", "exit 1")]) { _ in true }
      try slurm.says("queue", "7_0|PENDING||Resources\n")
      let changed = folder.job("a", "exit 0")
      #expect(
        error { _ = try slurm.executor().collect([changed]) }
          == "a: Slurm still has it as job 7_0, with another command. Wait for it, or run 'scancel 7_0' first.")
      try slurm.says("queue", "7_0|CANCELLED||None\n")
      try slurm.says("run")
      #expect(try slurm.executor().collect([changed]).outcomes == ["a": .finished])
      #expect(slurm.submissions == 2)
    }
  }

  @Test("With 'cancel' a stop ends what waits, and what runs saves first")
  func cancel() throws {
    try with { folder, slurm in
      try slurm.says("queue", "7_0|RUNNING|n1|None\n7_1|PENDING||Resources\n")
      let jobs = [
        folder.job("runs", "trap 'echo saved; exit 130' TERM; touch $DIR/up; while :; do sleep 0.01; done"),
        folder.job("waits", ""),
      ]
      let executor = slurm.executor(FakeSlurm.options { $0.onStop = .cancel })
      var isStarted = false
      let (outcomes, _) = try executor.collect(jobs) { events in
        if slurm.submissions == 1, !isStarted {
          isStarted = true
          try? slurm.start(0)
        }
        if slurm.calls("scancel").contains("--quiet --batch --signal=USR2 7_0") {
          try? slurm.signal(0, SIGUSR2)
          try? slurm.says("queue", "7_0|RUNNING|n1|None\n7_1|CANCELLED||None\n")
        }
        return folder.exists("up")
      }
      #expect(outcomes == ["runs": .interrupted("was told to stop"), "waits": .interrupted("was told to stop")])
      #expect(slurm.calls("scancel").first == "--quiet 7_1")
      #expect(try folder.log("runs") == "saved\n")
    }
  }

  @Test("A refused submission is told in Slurm's words, with what to do, and leaves nothing behind")
  func refused() throws {
    try with { folder, slurm in
      try slurm.says(
        "refuse",
        """
        sbatch: error: invalid partition specified: nowhere
        sbatch: error: Batch job submission failed: Invalid partition name specified

        """)
      #expect(
        error { _ = try slurm.executor().collect([folder.job("a", "")]) }
          == "sbatch: Slurm refuses the jobs: Batch job submission failed: Invalid partition name specified. "
          + "Choose another 'partition'; 'sinfo' lists them.")
      try slurm.says(
        "refuse", "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)\n")
      #expect(
        error { _ = try slurm.executor().collect([folder.job("a", "")]) }
          == "sbatch: Slurm refuses the jobs: Batch job submission failed: Unable to contact slurm controller (connect "
          + "failure). Jobs that are with Slurm go on; try again when 'sinfo' answers.")
      #expect(try FileSystem.entries(of: folder.path("state")).map(\.lastPathComponent) == [".lock"])
    }
  }

  @Test("A machine without Slurm is told what to install")
  func missing() throws {
    try with { folder, slurm in
      try slurm.noLonger("squeue")
      #expect(
        error { _ = try slurm.executor().collect([folder.job("a", "")]) }
          == "squeue: there is no such command in the folders of PATH. Install Slurm's client on this machine, or run "
          + "the jobs with the local executor.")
    }
  }

  @Test("A second process that follows the same folder is refused")
  func second() throws {
    try with { folder, slurm in
      var said: String?
      _ = try slurm.executor().collect([folder.job("a", "")]) { _ in
        said = error { _ = try slurm.executor().collect([folder.job("a", "")]) }
        return true
      }
      #expect(
        said.map(folder.relative)
          == "DIR/state: another process follows the jobs of this folder. Wait for it, or stop it.")
    }
  }

  @Test("A folder that holds something else where the list of jobs is says which")
  func damaged() throws {
    try with { folder, slurm in
      try FileSystem.makeFolder(folder.path("state/0001"))
      try FileSystem.write("{}", to: folder.path("state/0001/jobs.json"))
      #expect(
        folder.relative(error { _ = try slurm.executor().collect([folder.job("a", "")]) })
          == "DIR/state/0001/jobs.json: is not a list of jobs. Move its folder away.")
    }
  }
}
