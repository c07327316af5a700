import Foundation
import GroveCore
import GroveJobs

/// Commands that answer as Slurm's do, from files that the test writes, and run scripts as Slurm runs them.
struct FakeSlurm {
  let folder: JobFolder
  /// Files by which the test says what Slurm does: `refuse` (what sbatch complains), `run` (tasks start at once),
  /// `queue` (what squeue prints), `down` (the controller is gone), `unwilling` (scontrol refuses).
  let place: URL

  init(_ folder: JobFolder) throws {
    self.folder = folder
    place = folder.path("slurm")
    try FileSystem.makeFolder(place)
    for (name, script) in FakeSlurm.scripts {
      let file = place.appending(path: name)
      try FileSystem.write("#!/bin/bash\nhere=$(dirname \"$0\")\n" + script, to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
  }

  private static let scripts = [
    "sbatch": """
    if [ -e $here/refuse ]; then cat $here/refuse >&2; exit 1; fi
    number=$(($(cat $here/number 2>/dev/null || echo 6) + 1)); echo $number >$here/number; echo $number
    cp "$2" $here/script
    [ -e $here/run ] || exit 0
    for task in $(seq 0 $(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$2")); do $here/start $number $task 0; done
    """,
    // start ARRAY TASK RESTARTS: in a session of its own, as a node would.
    "start": """
    export SLURM_ARRAY_JOB_ID=$1 SLURM_ARRAY_TASK_ID=$2 SLURM_RESTART_COUNT=$3 PATH=$here:$PATH
      rm -f $here/$2.pid
    setsid bash -c 'echo $$ >'"$here/$2.pid; exec bash $here/script" </dev/null >>$here/task-$2.out 2>&1 &
      until [ -s $here/$2.pid ]; do sleep 0.01; done  # what still is in our group would end with us
    """,
    "squeue": """
    if [ -e $here/down ]; then
      echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1
    fi
    echo "$@" >>$here/squeue.calls
    cat $here/queue 2>/dev/null; exit 0
    """,
    "scancel": "echo \"$@\" >>$here/scancel.calls",
    "scontrol": "echo \"$@\" >>$here/scontrol.calls; [ ! -e $here/unwilling ]",
  ]

  /// Options with times for tests.
  static func options(_ change: (inout SlurmOptions) -> Void = { _ in }) -> SlurmOptions {
    var options = SlurmOptions()
    options.pollSeconds = 0.1
    options.patienceSeconds = 0.3
    change(&options)
    return options
  }

  func executor(_ options: SlurmOptions = options()) -> SlurmExecutor {
    SlurmExecutor(
      executable: JobFolder.shell, folder: folder.path("state"), options: options, directory: folder.url,
      commands: [place])
  }

  func says(_ file: String, _ text: String = "") throws { try FileSystem.write(text, to: place.appending(path: file)) }
  func noLonger(_ file: String) throws { try FileSystem.remove(place.appending(path: file)) }
  /// What was asked of a command, a line a call.
  func calls(_ name: String) -> [String] {
    guard let text = try? folder.text("slurm/\(name).calls") else { return [] }
    return text.split(separator: "\n").map(String.init)
  }

  /// How often sbatch has taken a script.
  var submissions: Int { (try? folder.text("slurm/number")).flatMap { Int($0.dropLast()) }.map { $0 - 6 } ?? 0 }

  /// Starts a task, as Slurm does after a wait or a requeue.
  func start(_ task: Int, array: Int = 7, restarts: Int = 0) throws {
    _ = try ChildProcess(
      place.appending(path: "start"), ["\(array)", "\(task)", "\(restarts)"], output: .discarded
    ).wait()
  }

  /// Sends a signal to the script of a task, or to it and its command.
  func signal(_ task: Int, _ number: Int32, all: Bool = false) throws {
    let text = try folder.text("slurm/\(task).pid").trimmingCharacters(in: .whitespacesAndNewlines)
    if let identifier = Int32(text) { kill(all ? -identifier : identifier, number) }
  }
}
