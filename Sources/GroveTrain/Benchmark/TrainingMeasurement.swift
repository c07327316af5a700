import GroveCore
import GroveEval
public import GroveModel

/// What one process measured while it trained: Grove's or a peer's, in the same JSON.
public struct TrainingMeasurement: Codable, Equatable, Sendable {
  /// "grove 0.1.0, libtorch 2.13.0", "torch 2.13.0 eager".
  public var engine: String
  /// Of the matrices.
  public var precision: Precision
  /// Trained numbers, those of tied matrices once.
  public var parameters: Int
  /// Of an operator.
  public var threads: Int
  /// Wall time of each measured step.
  public var stepSeconds: [Double]
  /// Nats a token, warm-up included.
  public var losses: [Double]
  /// The best large matrix product that this engine reached in this precision, in GFLOP/s.
  public var ceilingGigaflops: Double
  /// The most memory that the process ever held, code and libraries included.
  public var peakResidentBytes: Int
  /// The most that tensors held at once in the measured steps; nil where the engine does not count it.
  public var peakTensorBytes: Int?
  /// Tensor memory asked for in a measured step; nil where the engine does not count it.
  public var allocationsPerStep: Double?
  /// Of all allocations in the measured steps, those that went to the system; nil where the engine does not count them.
  public var systemAllocations: Int?

  /// What an engine says of itself; what it does not count stays nil.
  public init(
    engine: String, precision: Precision, parameters: Int, threads: Int, stepSeconds: [Double], losses: [Double],
    ceilingGigaflops: Double, peakResidentBytes: Int
  ) {
    self.engine = engine
    self.precision = precision
    self.parameters = parameters
    self.threads = threads
    self.stepSeconds = stepSeconds
    self.losses = losses
    self.ceilingGigaflops = ceilingGigaflops
    self.peakResidentBytes = peakResidentBytes
  }

  /// The middle of the measured steps, in seconds.
  public var medianSeconds: Double { get throws { try Statistics.median(stepSeconds) } }

  /// Largest relative difference of two losses of the same step: rounding in the products of that precision, which
  /// grows with every update.
  public static func lossTolerance(_ precision: Precision) -> Double { precision == .float32 ? 1e-4 : 2e-2 }

  /// Checks that a peer did the same work: as many parameters and threads, and at every step the same loss.
  /// - Throws: `GroveError` with code `.mismatch`; a faster way to another result is no result.
  public func requireSameWork(as peer: TrainingMeasurement) throws {
    func refuse(_ problem: String) -> GroveError { GroveError(.mismatch, peer.engine, problem) }
    guard peer.parameters == parameters else {
      throw refuse("has \(peer.parameters) parameters, \(engine) has \(parameters)")
    }
    guard peer.threads == threads else { throw refuse("ran on \(peer.threads) threads, \(engine) on \(threads)") }
    guard peer.losses.count == losses.count else {
      throw refuse("trained \(peer.losses.count) steps, \(engine) \(losses.count)")
    }
    let tolerance = TrainingMeasurement.lossTolerance(precision)
    for (step, (ours, theirs)) in zip(losses, peer.losses).enumerated()
    where !(abs(ours - theirs) <= tolerance * abs(theirs)) {
      throw refuse(
        "the loss of step \(step + 1) is \(theirs), that of \(engine) is \(ours); in \(precision.rawValue) they may "
          + "differ by \(tolerance) of their size")
    }
  }
}
