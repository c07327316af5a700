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
  public var name: String
  public var parameters: Int
  public var steps: Int
  public var tokensPerStep: Int
  public var trainingTokens: Int
  public var dataFingerprint: String
  public var device: String
  public var threads: Int
  public var precision: String
  /// Of a matrix product of 1024 × 1024 × 1024 in the run's precision, in GFLOP/s.
  public var ceilingGigaflops: Double
  public var operationsPerToken: Double
}

/// One optimisation step.
public struct StepRecord: Codable, Equatable, Sendable {
  /// Steps done, this one included.
  public var step: Int
  /// Mean over the step's tokens, z-loss included.
  public var lossNats: Double
  public var gradientNorm: Double
  public var learningRate: Double
  /// Training tokens seen since step 0.
  public var tokens: Int
  public var seconds: Double
  public var tokensPerSecond: Double
  /// Of the measured ceiling of a matrix product.
  public var ceilingShare: Double
}

/// One judgement on held-out text.
public struct ValidationRecord: Codable, Equatable, Sendable {
  public var step: Int
  /// Mean over the domains.
  public var bitsPerByte: Double
  public var natsPerToken: Double
  public var domains: [String: Double]
  public var seconds: Double
}
