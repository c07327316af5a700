public import Foundation
import GroveCore
import GroveModel
public import GroveTensor
import GroveTrain
import Synchronization

/// One run of a recipe: its folder, its seeds, and the arms that are done.
///
/// ```
/// DIR/
///   recipe.json               what decides the results
///   arms/NAME/seed-1/arm.json one finished arm and seed
///   result.json, report.html
/// ```
public final class RecipeRun: Sendable {
  public let folder: URL
  public let scale: RecipeScale
  /// The folder of the corpus.
  public let corpus: URL
  /// The first seed; the others count on from it.
  public let firstSeed: Int
  /// Arms at a time, each with one thread, so that the results do not depend on it. A recipe whose arms share more than
  /// the machine refuses more than one: see `Recipe.check`.
  public let workers: Int
  public let device: Device
  /// Changes to the scale's config, each as "sizes.0.width=32"; what they change, the result no longer says of the scale.
  public let overrides: [String]
  /// In which weights are judged.
  var judgingPrecision: Precision { scale == .full ? .bfloat16 : .float32 }
  let shouldStop: @Sendable () -> Bool
  let onEvent: @Sendable (RecipeEvent) -> Void

  /// - Throws: `GroveError` with code `.argument` for no worker or a negative seed.
  public init(
    folder: URL, scale: RecipeScale, corpus: URL, firstSeed: Int, workers: Int, device: Device, overrides: [String],
    shouldStop: @escaping @Sendable () -> Bool, onEvent: @escaping @Sendable (RecipeEvent) -> Void
  ) throws {
    guard workers > 0 else { throw GroveError(.argument, "workers", "\(workers) is not positive") }
    guard firstSeed >= 0 else { throw GroveError(.argument, "seed", "\(firstSeed) is negative") }
    self.folder = folder
    self.scale = scale
    self.corpus = corpus
    self.firstSeed = firstSeed
    self.workers = workers
    self.device = device
    self.overrides = overrides
    self.shouldStop = shouldStop
    self.onEvent = onEvent
  }

  /// The seeds of an arm.
  public func seeds(_ count: Int) -> [Int] { (0..<count).map { firstSeed + $0 } }

  /// - Throws: `RecipeInterrupted` if the caller asked to stop. Arms ask between their steps.
  public func checkStop() throws { if shouldStop() { throw RecipeInterrupted() } }

  /// The folder of an arm and seed: another arm may go on from what lies there, once it is done.
  public func place(of arm: String, seed: Int) -> URL { folder.appending(path: "arms/\(arm)/seed-\(seed)") }

  /// One arm and seed to be trained.
  public struct Job: Sendable {
    let arm: String
    let seed: Int
    let work: @Sendable (URL) throws -> ArmFigures

    /// - Parameter work: given a folder of its own, where it may keep what it needs to go on after a kill.
    public init(_ arm: String, seed: Int, work: @escaping @Sendable (URL) throws -> ArmFigures) {
      self.arm = arm
      self.seed = seed
      self.work = work
    }
  }

  /// Does the jobs that have no record yet, `workers` at a time, and gives all records in the order of the jobs.
  /// - Throws: the first error of a job; jobs that had begun are finished first.
  public func records(_ jobs: [Job]) throws -> [ArmRecord] {
    let results = Mutex<[Int: Result<ArmRecord, any Error>]>([:])
    let next = Mutex(0)
    let work: @Sendable () -> Void = { [self] in
      while true {
        let index = next.withLock { next -> Int in
          defer { next += 1 }
          return next
        }
        guard index < jobs.count else { return }
        guard results.withLock({ $0.values.allSatisfy { (try? $0.get()) != nil } }) else { return }
        let result = Result { try record(jobs[index]) }
        results.withLock { $0[index] = result }
      }
    }
    let group = DispatchGroup()
    for _ in 0..<min(workers, jobs.count) {
      group.enter()
      let thread = Thread {
        work()
        group.leave()
      }
      thread.stackSize = 16 << 20  // the backward pass of a deep model recurses
      thread.start()
    }
    group.wait()
    let done = results.withLock { $0 }
    for index in jobs.indices { if case .failure(let error)? = done[index] { throw error } }
    return try jobs.indices.map { index in
      guard let result = done[index] else { throw RecipeInterrupted() }
      return try result.get()
    }
  }

  private func record(_ job: Job) throws -> ArmRecord {
    let place = place(of: job.arm, seed: job.seed)
    let file = place.appending(path: ArmRecord.fileName)
    if FileSystem.exists(file) {
      let record = try RecipeRecords.arm(at: file)
      onEvent(.taken(arm: job.arm, seed: job.seed))
      return record
    }
    try checkStop()
    try FileSystem.makeFolder(place)
    try Torch.setThreads(1)
    onEvent(.began(arm: job.arm, seed: job.seed))
    let clock = ContinuousClock()
    let start = clock.now
    let figures = try job.work(place)
    let record = ArmRecord(
      arm: job.arm, seed: job.seed, seconds: (clock.now - start).seconds, figures: figures.figures,
      series: figures.series)
    try FileSystem.write(RecipeRecords.encoded(record, pretty: false), to: file)
    onEvent(.finished(record))
    return record
  }
}

/// What happens while a recipe runs.
public enum RecipeEvent: Sendable {
  case began(arm: String, seed: Int)
  /// The arm was done in an earlier call.
  case taken(arm: String, seed: Int)
  case finished(ArmRecord)
  case step(arm: String, seed: Int, step: Int, of: Int, lossNats: Double)
}
