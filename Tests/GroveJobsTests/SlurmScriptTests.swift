import Foundation
import GroveCore
import GroveJobs
import GroveTesting
import Testing

@Suite("Scripts for Slurm")
struct SlurmScriptTests {
  private func job(_ name: String, cores: Int = 1, _ arguments: [String] = ["train", "a.yaml"]) -> Job {
    Job(name: name, arguments: arguments, cores: cores, log: URL(filePath: "/logs/\(name).log"))
  }

  private func executor(_ options: SlurmOptions = SlurmOptions()) -> SlurmExecutor {
    SlurmExecutor(
      executable: URL(filePath: "/opt/grove"), folder: URL(filePath: "/forest/100% new"), options: options,
      directory: URL(filePath: "/data"))
  }

  @Test("The script says what is asked for, how it is stopped, and each task's command")
  func whole() throws {
    var options = SlurmOptions()
    options.partition = "gpu"
    options.account = "lab"
    options.timeLimit = "1-00:00:00"
    options.jobsAtOnce = 1
    options.extra = ["--mem=16G"]
    options.setup = ["module load cuda"]
    var second = job("it's\nnew", cores: 4, ["train", "b c.yaml", "--set", "a='b'"])
    second.environment = ["SEED": "1 2"]
    let scripts = try executor(options).scripts(for: [[job("web", cores: 4), second]])
    let golden = try String(contentsOf: Fixtures.url("jobs/array.sbatch"), encoding: .utf8)
    #expect(scripts == [golden])
  }

  @Test("Jobs with equally many cores share an array, in their order, until it is full")
  func arrays() throws {
    var options = SlurmOptions()
    options.jobsPerArray = 2
    let jobs = [job("a"), job("b", cores: 2), job("c"), job("d"), job("e", cores: 2)]
    let scripts = try executor(options).scripts(for: [jobs])
    let seen = scripts.map { script in
      script.split(separator: "\n").filter {
        $0.hasPrefix("#SBATCH --array") || $0.hasPrefix("#SBATCH --cpus") || $0.contains(") # ")
      }
    }
    #expect(
      seen == [
        ["#SBATCH --array=0-1", "#SBATCH --cpus-per-task=1", "0) # a", "1) # c"],
        ["#SBATCH --array=0-0", "#SBATCH --cpus-per-task=1", "0) # d"],
        ["#SBATCH --array=0-1", "#SBATCH --cpus-per-task=2", "0) # b", "1) # e"],
      ])
  }

  @Test("Calls that follow each other number their arrays on")
  func calls() throws {
    let scripts = try executor().scripts(for: [[job("seed", cores: 8)], [job("a"), job("b")], [job("dense")]])
    let folders = scripts.compactMap { $0.firstMatch(of: /state='\/forest\/100% new\/(\d+)'/)?.1 }
    #expect(folders == ["0001", "0002", "0003"])
  }

  @Test("Options that cannot be are refused by field, all at once")
  func options() {
    var options = SlurmOptions()
    options.partition = "a b"
    options.account = "--x"
    options.timeLimit = "soon"
    options.secondsToSave = 0
    options.jobsAtOnce = -1
    options.jobsPerArray = 0
    options.pollSeconds = 0
    options.patienceSeconds = .nan
    options.extra = ["--mem=1G", "-x", "--time=5", "--output=here", "--a\n#SBATCH --b"]
    options.setup = ["a\nb"]
    #expect(
      options.issues().map(\.description) == [
        "partition: 'a b' is not a name", "account: '--x' is not a name",
        "timeLimit: 'soon' is not a time such as 90, 1:30:00 or 2-00:00:00",
        "secondsToSave: 0 is outside 1...65535", "jobsAtOnce: -1 is outside 0...1000000",
        "jobsPerArray: 0 is outside 1...1000000", "pollSeconds: 0.0 is outside 0.1...3600",
        "patienceSeconds: nan is outside 0.1...3600", "extra.1: '-x' is not an option such as --mem=16G",
        "extra.2: --time is set by 'timeLimit'", "extra.3: --output is set by Grove", "extra.4: holds a line break",
        "setup.0: holds a line break; give each line its own entry",
      ])
    #expect(SlurmOptions().issues() == [])
  }

  @Test("Every time that Slurm reads is one, and nothing else")
  func times() {
    func isTime(_ text: String) -> Bool {
      var options = SlurmOptions()
      options.timeLimit = text
      return options.issues() == []
    }
    #expect(["90", "90:30", "1:30:00", "2-0", "2-12:30", "2-12:30:15"].allSatisfy(isTime))
    #expect(["1:2:3:4", "1h", "-1", "2-", ":5", "UNLIMITED\n"].allSatisfy { !isTime($0) })
  }

  @Test("A folder whose name Slurm could not read is refused")
  func folder() {
    var executor = executor()
    executor.folder = URL(filePath: "/a\"b")
    #expect(throws: (any Error).self) { try executor.scripts(for: [[job("a")]]) }
    do { _ = try executor.scripts(for: [[job("a")]]) } catch {
      #expect(
        "\(error)" == "/a\"b: a path with quotes, backslashes or line breaks cannot be told to Slurm")
    }
  }
}
