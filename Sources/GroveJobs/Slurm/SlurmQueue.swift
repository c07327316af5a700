/// What `squeue` says about tasks of job arrays.
struct SlurmQueue {
  /// One task.
  struct Entry: Equatable {
    /// Slurm's word: "PENDING".
    let state: String
    /// The nodes; empty while it waits.
    let nodes: String
    /// Why it waits: "Resources".
    let reason: String
  }

  /// The options that make `squeue` print what this reads: a line a task, with what has ended lately too.
  static let options = ["--noheader", "--array", "--states=all", "--format=%i|%T|%N|%r"]

  /// By array and task: "17_3".
  let entries: [String: Entry]

  init(entries: [String: Entry] = [:]) { self.entries = entries }

  /// Reads the lines; what is none of a task of an array is passed over.
  init(_ text: String) {
    var entries: [String: Entry] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 4, fields[0].contains("_") else { continue }
      entries[fields[0]] = Entry(state: fields[1], nodes: fields[2], reason: fields[3])
    }
    self.entries = entries
  }
}

extension SlurmQueue.Entry {
  /// What a state means for who waits.
  enum Meaning: Equatable {
    case waits
    /// A person has to release it.
    case held
    /// It computes, or Slurm is cleaning up after it.
    case runs
    /// Over, and nothing is known to be wrong.
    case over
    /// Over, with what came in between.
    case stopped(String)
    /// Over by a fault.
    case broke(String)
  }

  var meaning: Meaning {
    switch state {
    case "PENDING", "REQUEUED", "REQUEUE_FED", "SUSPENDED", "STOPPED": .waits
    case "REQUEUE_HOLD", "SPECIAL_EXIT": .held
    case "COMPLETED", "FAILED", "REVOKED": .over
    case "CANCELLED": .stopped("was cancelled in Slurm")
    case "PREEMPTED": .stopped("was preempted, and Slurm did not put it back into its queue")
    case "TIMEOUT": .broke("did not save in time before its time limit; raise 'secondsToSave'")
    case "DEADLINE": .broke("did not end before its deadline")
    case "OUT_OF_MEMORY": .broke("ran out of the memory that Slurm gave it")
    case "NODE_FAIL", "BOOT_FAIL": .broke("lost its node, and Slurm did not start it again")
    default: .runs
    }
  }

  /// Whether a wait for this is no news: the cluster is busy, or the time has not come.
  var isOrdinaryWait: Bool {
    ["None", "Resources", "Priority", "BeginTime", "JobArrayTaskLimit", "Cleaning", "", "Dependency", "Licenses"]
      .contains(reason) || reason.hasPrefix("QOSMax") || reason.hasPrefix("AssocMax") || reason.hasPrefix("QOSGrp")
      || reason.hasPrefix("AssocGrp")
  }
}
