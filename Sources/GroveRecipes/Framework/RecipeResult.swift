import Foundation
public import GroveCore
import GroveEval
import GroveTensor
import GroveTrain

/// The outcome of a run of a recipe: what `result.json` holds.
public struct RecipeResult: Encodable, Equatable, Sendable {
  /// The id of the recipe.
  public var recipe: String
  public var paper: Paper
  public var claim: String
  public var scale: RecipeScale
  /// Follows from `criteria` and `scale` alone.
  public var verdict: Verdict
  /// One for each criterion of the recipe, in their order.
  public var criteria: [CriterionResult]
  /// Further figures that explain the outcomes.
  public var figures: [RecipeFindings.Figure]
  /// Where the check differs from the paper, a sentence each.
  public var differences: [String]
  /// Without their series, which stand in the folder of each arm.
  public var arms: [ArmRecord]
  /// Of all arms together, calls before this one included.
  public var armSeconds: Double
  /// Of this call alone.
  public var wallSeconds: Double
  /// How this call was started; arms of earlier calls may have run under another version or number of workers.
  public var command: String
  public var groveVersion: String
  public var libtorchVersion: String
  /// Logical ones that this call could use.
  public var cores: Int
  /// Arms that this call trained at a time.
  public var workers: Int
  /// ISO 8601.
  public var finished: String

  static let fileName = "result.json"

  /// The result as it stands in the file.
  public func json() throws -> JSONValue { try JSONValue(parsing: encoded(), at: RecipeResult.fileName) }

  func encoded() throws -> Data { try RecipeRecords.encoded(self, pretty: true) }
}
