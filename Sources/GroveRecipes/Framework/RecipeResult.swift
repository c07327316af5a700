import Foundation
public import GroveCore
import GroveEval
import GroveTensor
import GroveTrain

/// The outcome of a run of a recipe: what `result.json` holds.
public struct RecipeResult: Encodable, Equatable, Sendable {
  public var recipe: String
  public var paper: Paper
  public var claim: String
  public var scale: RecipeScale
  public var verdict: Verdict
  public var criteria: [CriterionResult]
  public var figures: [RecipeFindings.Figure]
  public var differences: [String]
  /// Without their series, which stand in the folder of each arm.
  public var arms: [ArmRecord]
  /// Of all arms together, calls before this one included.
  public var armSeconds: Double
  /// Of this call alone.
  public var wallSeconds: Double
  public var command: String
  public var groveVersion: String
  public var libtorchVersion: String
  public var cores: Int
  public var workers: Int
  /// ISO 8601.
  public var finished: String

  static let fileName = "result.json"

  /// The result as it stands in the file.
  public func json() throws -> JSONValue { try JSONValue(parsing: encoded(), at: RecipeResult.fileName) }

  func encoded() throws -> Data { try RecipeRecords.encoded(self, pretty: true) }
}
