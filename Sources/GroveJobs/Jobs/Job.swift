public import Foundation

/// One resumable command of an executable: running it again goes on where it stopped, and one that is done ends at once.
public struct Job: Sendable, Equatable {
  /// What the job is called in events and outcomes; no other job of the same call has it.
  public var name: String
  /// What follows the executable: `["train", "expert.yaml", "--run", "runs/expert"]`.
  public var arguments: [String]
  /// Cores that the job computes on: logical processors, as the system counts them.
  public var cores: Int
  /// Where its output and its errors go. What is there stays, and the folder is made.
  public var log: URL
  /// Variables laid over those of this process. `OMP_NUM_THREADS` is `cores` unless it stands here.
  public var environment: [String: String]

  public init(
    name: String, arguments: [String], cores: Int = 1, log: URL, environment: [String: String] = [:]
  ) {
    self.name = name
    self.arguments = arguments
    self.cores = cores
    self.log = log
    self.environment = environment
  }
}
