import Foundation
public import GroveCore
import GroveModel
public import GroveTensor

/// Everything that a merge will do, worked out from configs and headers before a single weight is read.
public struct MergePlan {
  /// One tensor of the result.
  struct Entry {
    let name: String
    /// The models that it comes from, and its name in each.
    let sources: [(model: Int, tensor: String)]
    /// The place of the base among the sources, where the method has one.
    let base: Int?
    let merge: TensorMerge
    let shape: [Int]
    /// What inputs are cast to, and what the merged tensor is rounded to before `outDType`.
    let dtype: DType
    /// What is written.
    let outDType: DType
    let isVocabulary: Bool
  }

  let models: [SourceModel]
  /// The model that gives config and, without a tokenizer source, the tokenizer.
  let donor: Int
  let vocabulary: VocabularyPlan?
  let entries: [Entry]
  /// The `config.json` of the result.
  public let outputConfig: JSONValue
  /// The config that was planned.
  public let config: MergeConfig

  /// The names of the models, as the config writes them.
  public var modelNames: [String] { models.map(\.name) }
  /// The tensors of the result in the order of planning: name, shape and dtype.
  public var tensors: [(name: String, shape: [Int], dtype: DType)] {
    entries.map { ($0.name, $0.shape, $0.outDType) }
  }
  /// The ids of the result's tokens where the merge makes a tokenizer; nil where the donor's is kept.
  public var tokens: [String: Int]? { vocabulary?.vocabulary.ids }
  /// Numbers of the result.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.shape.reduce(1, *) } }
  /// Bytes of the result's weights.
  public var byteCount: Int { entries.reduce(0) { $0 + $1.shape.reduce($1.outDType.byteCount, *) } }
  /// What the config says that this merge does not use; mergekit passes over it too.
  public let notes: [String]

  /// Checks a config against its models.
  /// - Throws: `GroveError` that names the field or the tensor: an unknown model, layers that do not exist, shapes that
  ///   differ, a missing tensor or parameter, tokenizers that differ.
  /// - Complexity: reads configs, tokenizers and the headers of weights.
  public init(_ config: MergeConfig) throws {
    try config.validated()
    let planner = try MergePlanner(config)
    self.config = config
    (models, donor, vocabulary) = (planner.models, planner.donor, planner.vocabulary)
    entries = try planner.entries()
    outputConfig = planner.outputConfig(entries)
    notes = config.unusedParameters.map { "\($0): \(config.methodName) does not use it" }
  }
}
