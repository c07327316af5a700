public import Foundation

/// What happens in a run, as it happens. The loop prints nothing.
public enum TrainingEvent: Sendable {
  case started(RunSummary)
  case resumed(step: Int, checkpoint: URL)
  /// A checkpoint was damaged; the run goes on from an older one and computes the same steps again.
  case setAside(checkpoint: URL, reason: String)
  case step(StepRecord)
  /// A step whose loss or gradient was not finite; nothing was applied.
  case skipped(step: Int, reason: String)
  /// Steps done before and after; the steps whose batches are left out count from 0.
  case rolledBack(from: Int, to: Int, leftOut: [Int])
  case validated(ValidationRecord)
  case saved(step: Int, checkpoint: URL, seconds: Double)
  /// Something that may change the last bits, or that the user should know.
  case warning(String)
  case interrupted(step: Int)
  case finished(step: Int)
}

/// What a run is, before its first step.
public struct RunSummary: Codable, Equatable, Sendable {
  /// That of the run's folder.
  public var name: String
  /// Trained numbers, those of tied matrices once.
  public var parameters: Int
  /// Of the whole run, those of earlier calls included.
  public var steps: Int
  /// Sequences of a step times T, all micro-batches together.
  public var tokensPerStep: Int
  /// Of all steps; a token counts each time it is read.
  public var trainingTokens: Int
  /// Of the token shards, as `ShardManifest` gives it.
  public var dataFingerprint: String
  /// "cpu", "cuda:0".
  public var device: String
  /// That train together.
  public var processes: Int
  /// Of an operator in one process.
  public var threads: Int
  /// Of the matrices: "bfloat16".
  public var precision: String
  /// Of a matrix product of 1024 × 1024 × 1024 in the run's precision, in GFLOP/s; all processes together.
  public var ceilingGigaflops: Double
  /// Floating-point operations of a training token, forward and backward.
  public var operationsPerToken: Double
}

/// One optimisation step.
public struct StepRecord: Codable, Equatable, Sendable {
  /// Steps done, this one included.
  public var step: Int
  /// Mean over the step's tokens, z-loss included.
  public var lossNats: Double
  /// Of all gradients together, before clipping.
  public var gradientNorm: Double
  /// Of this step, as the schedule gives it.
  public var learningRate: Double
  /// Training tokens seen since step 0.
  public var tokens: Int
  /// Wall time, the reading of the batch included.
  public var seconds: Double
  /// Of these seconds, what the first process spent waiting for sums over the processes; nil for one that is alone.
  public var waitedSeconds: Double?
  /// Of this step alone.
  public var tokensPerSecond: Double
  /// Of the measured ceiling of a matrix product.
  public var ceilingShare: Double
}

/// One judgement on held-out text.
public struct ValidationRecord: Codable, Equatable, Sendable {
  /// Steps done.
  public var step: Int
  /// Mean over the domains.
  public var bitsPerByte: Double
  /// Of all domains together: Σ nats / Σ tokens, each end-of-text included.
  public var natsPerToken: Double
  /// Bits per byte of each domain.
  public var domains: [String: Double]
  /// Wall time of the validation.
  public var seconds: Double
}
