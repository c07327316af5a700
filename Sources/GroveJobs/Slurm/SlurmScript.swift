import Foundation
import GroveCore

/// The batch script of one job array: what Slurm is asked for, and for each task its command.
///
/// It is told to stop in two ways that Slurm sends to the script alone: USR1 before the time limit, USR2 by us. It passes
/// them on as TERM, once. When Slurm cancels, requeues or preempts, its TERM reaches the command as well, which a second
/// one would end before it has saved. How the task started and ended goes to files, by rename.
struct SlurmScript {
  let jobs: [Job]
  let executable: URL
  let directory: URL
  let options: SlurmOptions
  /// Of the submission.
  let folder: URL
  let name: String

  var text: String {
    ([head, preparation] + [commands, conduct].map { $0 + "\n" }).joined(separator: "\n")
  }

  private var head: String {
    let concurrent = options.jobsAtOnce > 0 ? "%\(options.jobsAtOnce)" : ""
    var lines = [
      "--job-name=\(name)", "--array=0-\(jobs.count - 1)\(concurrent)", "--ntasks=1",
      "--cpus-per-task=\(jobs.first?.cores ?? 1)", "--requeue", "--open-mode=append",
      "--signal=B:USR1@\(options.secondsToSave)",
      "--output=\"\(SlurmScript.pattern(folder.appending(path: "slurm-").path))%a.log\"",
      "--chdir=\"\(directory.path)\"",
    ]
    if !options.partition.isEmpty { lines.append("--partition=\(options.partition)") }
    if !options.account.isEmpty { lines.append("--account=\(options.account)") }
    if !options.timeLimit.isEmpty { lines.append("--time=\(options.timeLimit)") }
    return "#!/bin/bash\n" + (lines + options.extra).map { "#SBATCH \($0)\n" }.joined()
  }

  private var preparation: String {
    """
    state=\(SlurmScript.quoted(folder.path)) task=$SLURM_ARRAY_TASK_ID cause=itself signals=0 child=
    told() {
      cause=$1 signals=$((signals + 1))
      if [ "$1" != slurm ] && [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi
    }
    trap 'told limit' USR1
    trap 'told asked' USR2
    trap 'told slurm' TERM
    tell() {
      printf '%s\\n' "${@:2}" >"$state/$task.$1.partial" && mv -f "$state/$task.$1.partial" "$state/$task.$1"
    }
    # What belongs to the process that submitted this.
    unset GROVE_LAUNCHER SLURM_STEP_ID SLURM_STEP_NUM_TASKS SLURM_LAUNCH_NODE_IPADDR
    export OMP_NUM_THREADS=\(jobs.first?.cores ?? 1)

    """ + options.setup.map { $0 + "\n" }.joined()
  }

  private var commands: String {
    let cases = jobs.enumerated().map { index, job in
      let variables = job.environment.sorted { $0.key < $1.key }.map {
        "  export \($0.key)=\(SlurmScript.quoted($0.value))"
      }
      let command = ([executable.path] + job.arguments).map(SlurmScript.quoted).joined(separator: " ")
      return
        (["\(index)) # \(SlurmScript.comment(job.name))", "  log=\(SlurmScript.quoted(job.log.path))"] + variables
        + ["  set -- \(command)", "  ;;"]).joined(separator: "\n")
    }
    return "case $task in\n\(cases.joined(separator: "\n"))\nesac"
  }

  private var conduct: String {
    """
    mkdir -p "$(dirname "$log")"
    rm -f "$state/$task.ended"
    tell started "$(hostname -s)" "${SLURM_RESTART_COUNT:-0}" "$(date +%s)" "$(wc -c 2>/dev/null <"$log" || echo 0)"
    code=130
    if [ "$cause" = itself ]; then
      "$@" </dev/null >>"$log" 2>&1 &
      child=$!
      if [ "$cause" != itself ]; then kill -TERM "$child" 2>/dev/null; fi
      # A signal to the script ends the wait, not the command.
      while seen=$signals; wait "$child"; code=$?; [ "$signals" != "$seen" ]; do :; done
    fi
    tell ended "$code" "$cause" "$(date +%s)"
    if [ "$code" = 130 ] && [ "$cause" = limit ]; then
      scontrol requeue "${SLURM_ARRAY_JOB_ID}_$task" || tell ended "$code" refused "$(date +%s)"
    fi
    exit "$code"
    """
  }

  /// A text as one word of the shell.
  static func quoted(_ text: String) -> String {
    let plain =
      !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "-_./=:,+@".utf8.contains(byte)
      }
    return plain ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }

  /// Slurm reads `%` in names of files as the start of a placeholder.
  private static func pattern(_ path: String) -> String { path.replacingOccurrences(of: "%", with: "%%") }

  private static func comment(_ name: String) -> String {
    String(String.UnicodeScalarView(name.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
  }
}
