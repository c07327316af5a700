public import GroveCore

/// What a Slurm cluster is asked for, the same for every job.
public struct SlurmOptions: Config {
  /// What a stop of the waiting process means for jobs that Slurm has.
  public enum StopRule: String, Codable, CaseIterable, Sendable {
    /// They stay with Slurm, and the next call follows them.
    case detach
    /// They save, then end; those that have not started never do.
    case cancel
  }

  /// Partition to run in; empty for the cluster's default.
  public var partition = ""
  /// Account to charge; empty for the user's default.
  public var account = ""
  /// Limit of one start of a job, as Slurm writes it: "90" (minutes), "1:30:00", "2-00:00:00"; empty for the partition's.
  /// A job that needs longer saves before the limit, goes back into the queue and goes on.
  public var timeLimit = ""
  /// Seconds before the time limit at which a job is told to save. Slurm may be a minute early.
  public var secondsToSave = 120
  /// Jobs of one array that run at once; 0 for as many as Slurm starts.
  public var jobsAtOnce = 0
  /// Jobs of one array at most. The cluster's `MaxArraySize` must be larger; Slurm's default is 1001.
  public var jobsPerArray = 1000
  /// Further options of sbatch, one each: "--mem=16G", "--gres=gpu:1", "--exclude=node7".
  public var extra: [String] = []
  /// Lines of shell that a job runs first, such as "module load cuda".
  public var setup: [String] = []
  /// Seconds between two questions to the cluster. One question is about all jobs.
  public var pollSeconds = 15.0
  /// Seconds to wait for the files of a job that Slurm no longer lists: a network's file system may be late.
  public var patienceSeconds = 60.0
  /// What a stop of the waiting process means.
  public var onStop = StopRule.detach

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    for (field, value) in [("partition", partition), ("account", account)]
    where value.contains(where: { $0.isWhitespace || $0.isNewline }) || value.hasPrefix("-") {
      issues.append(ConfigIssue(field, "'\(value)' is not a name"))
    }
    if !timeLimit.isEmpty, timeLimit.wholeMatch(of: /\d+(-\d+(:\d+){0,2})?|\d+(:\d+){1,2}/) == nil {
      issues.append(ConfigIssue("timeLimit", "'\(timeLimit)' is not a time such as 90, 1:30:00 or 2-00:00:00"))
    }
    func range(_ field: String, _ value: Int, _ range: ClosedRange<Int>) {
      if !range.contains(value) {
        issues.append(ConfigIssue(field, "\(value) is outside \(range.lowerBound)...\(range.upperBound)"))
      }
    }
    range("secondsToSave", secondsToSave, 1...65535)
    range("jobsAtOnce", jobsAtOnce, 0...1_000_000)
    range("jobsPerArray", jobsPerArray, 1...1_000_000)
    for (field, value) in [("pollSeconds", pollSeconds), ("patienceSeconds", patienceSeconds)]
    where !(0.1...3600).contains(value) {
      issues.append(ConfigIssue(field, "\(value) is outside 0.1...3600"))
    }
    for (index, option) in extra.enumerated() {
      if let problem = SlurmOptions.problem(ofExtra: option) { issues.append(ConfigIssue("extra.\(index)", problem)) }
    }
    for (index, line) in setup.enumerated() where line.contains(where: \.isNewline) {
      issues.append(ConfigIssue("setup.\(index)", "holds a line break; give each line its own entry"))
    }
    return issues
  }

  private static func problem(ofExtra option: String) -> String? {
    guard option.hasPrefix("--"), option.count > 2 else {
      return "'\(option)' is not an option such as --mem=16G"
    }
    if option.contains(where: \.isNewline) { return "holds a line break" }
    let name = String(option.prefix { $0 != "=" && $0 != " " })
    if let field = fields[name] { return "\(name) is set by '\(field)'" }
    return ours.contains(name) ? "\(name) is set by Grove" : nil
  }

  private static let fields = [
    "--partition": "partition", "--account": "account", "--time": "timeLimit", "--cpus-per-task": "the job's cores",
  ]
  private static let ours: Set<String> = [
    "--array", "--chdir", "--error", "--job-name", "--no-requeue", "--nodes", "--ntasks", "--open-mode", "--output",
    "--parsable", "--requeue", "--signal", "--test-only", "--wait", "--wrap",
  ]
}
