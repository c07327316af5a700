import Foundation
import GroveCore

/// Everything of a run at a step that is not a weight or a moment of the optimizer.
///
/// There is no state of a data loader or of a random generator: both are functions of the seed and the step.
public struct TrainingState: Codable, Equatable, Sendable {
  /// Steps done, skipped ones included.
  public var step = 0
  /// Steps that the optimizer applied.
  public var appliedSteps = 0
  /// Training tokens seen.
  public var tokens = 0
  /// Steps, from 0, that were not finite since the last applied one.
  public var nonFiniteSteps: [Int] = []
  /// Steps, from 0, whose batches are left out after a rollback.
  public var leftOut: [Int] = []
  /// Rollbacks so far; after three the run stops instead.
  public var rollbacks = 0

  public init() {}

  static let fileName = "training_state.json"

  static func read(_ folder: URL) throws -> TrainingState {
    let url = folder.appending(path: fileName)
    do { return try JSONDecoder().decode(TrainingState.self, from: FileSystem.read(url)) } catch let error
      as DecodingError
    {
      throw GroveError(.format, url.path, "is not the state of a run", cause: error)
    }
  }

  func write(to folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileSystem.write(encoder.encode(self), to: folder.appending(path: TrainingState.fileName))
  }
}
