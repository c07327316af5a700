public import GroveJobs

/// What happens while a forest grows.
public enum ForestEvent: Sendable {
  /// A phase begins: that of the seed, or that of so many experts. Members that are there already are not in it.
  case began(phase: Phase, members: [String])
  /// About a job: the seed's or an expert's.
  case job(JobEvent)
  /// A member stands in the manifest from now on.
  case grown(name: String, parents: [ForestManifest.Parent])

  /// A forest grows in two phases; the dense model to compare it with is a third.
  public enum Phase: String, Sendable {
    case seed, experts, dense
  }
}

/// How a call to grow a forest ended.
public struct GrowthResult: Sendable {
  /// The forest as it is now.
  public let manifest: ForestManifest
  /// Members that failed, and why, by name. Growing again tries them again.
  public let failures: [String: String]
  /// Members that were stopped before their end; growing again goes on with them.
  public let interrupted: [String]

  /// Whether every member that was asked for is grown.
  public var isComplete: Bool { failures.isEmpty && interrupted.isEmpty }

  /// This result, with what went wrong before.
  func adding(_ earlier: GrowthResult) -> GrowthResult {
    GrowthResult(
      manifest: manifest, failures: failures.merging(earlier.failures) { $1 },
      interrupted: earlier.interrupted + interrupted)
  }
}
