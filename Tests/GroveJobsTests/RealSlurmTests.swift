import Foundation
import GroveCore
import GroveJobs
import GroveTesting
import Testing

@Suite("Jobs on a real Slurm", .enabled(if: LocalSlurm.isInstalled, "\(LocalSlurm.reason)"))
struct RealSlurmTests {
  /// What is done to jobs once they have started and something holds.
  private final class Steps {
    private var steps: [(job: String, when: () -> Bool, then: () throws -> Void)] = []
    private(set) var failures: [String] = []

    func add(_ job: String, _ when: @escaping () -> Bool, _ then: @escaping () throws -> Void) {
      steps.append((job, when, then))
    }

    func take(_ events: [JobEvent]) {
      let started = Set(events.compactMap(\.startedName))
      for index in steps.indices.reversed() where started.contains(steps[index].job) && steps[index].when() {
        do { try steps[index].then() } catch { failures.append("\(error)") }
        steps.remove(at: index)
      }
    }
  }

  @Test("Of four jobs one is killed, one cancelled, one requeued and one undisturbed; the killed one runs again alone")
  func life() throws {
    try LocalSlurm.with { slurm in
      try JobFolder.with { folder in
        let loop = "while :; do sleep 0.05; done"
        let jobs = [
          folder.job("killed", "test -e $DIR/go && exit 0; echo computing; echo $$ >$DIR/killed.pid; \(loop)"),
          folder.job("cancelled", "trap 'touch $DIR/stopped; exit 130' TERM; touch $DIR/cancelled; \(loop)"),
          folder.job(
            "requeued",
            "test -e $DIR/saved && exit 0; trap 'touch $DIR/saved; exit 130' TERM; touch $DIR/requeued; \(loop)"),
          folder.job("undisturbed", "echo $OMP_NUM_THREADS; sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status"),
        ]
        var options = SlurmOptions()
        options.pollSeconds = 0.5
        options.patienceSeconds = 5
        let executor = SlurmExecutor(
          executable: JobFolder.shell, folder: folder.path("a state"), options: options, directory: folder.url,
          commands: [slurm.commands])
        let steps = Steps()
        steps.add("killed", { folder.exists("killed.pid") }) {
          let text = try folder.text("killed.pid").trimmingCharacters(in: .whitespacesAndNewlines)
          if let identifier = Int32(text) { kill(identifier, SIGKILL) }
        }
        func array() throws -> String { String(try folder.text("a state/0001/submitted").dropLast()) }
        steps.add("cancelled", { folder.exists("cancelled") }) { try slurm.call("scancel", "\(array())_1") }
        steps.add("requeued", { folder.exists("requeued") }) { try slurm.call("scontrol", "requeue", "\(array())_2") }
        let (outcomes, events) = try executor.collect(jobs) {
          steps.take($0)
          return false
        }
        #expect(steps.failures == [])
        #expect(
          outcomes == [
            "killed": .failed("was killed by SIGKILL, as the system does when memory runs out: computing"),
            "cancelled": .interrupted("was cancelled in Slurm"), "requeued": .finished, "undisturbed": .finished,
          ])
        #expect(events.contains(.requeued(name: "requeued", reason: "Slurm put it back into the queue")))
        #expect(
          events.compactMap(\.startedName).sorted() == ["cancelled", "killed", "requeued", "requeued", "undisturbed"])
        #expect(folder.exists("stopped"))
        #expect(try folder.log("undisturbed").wholeMatch(of: /1\n\d+\n/) != nil)

        try FileSystem.write("", to: folder.path("go"))
        #expect(try executor.collect([jobs[0]]).outcomes == ["killed": .finished])
      }
    }
  }
}
