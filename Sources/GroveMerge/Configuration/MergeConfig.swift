public import GroveCore

/// What is merged and how: the YAML of mergekit, with its names.
///
/// We differ: `modules`, adapters (`model+adapter`) and models on a hub are refused, and so is every key that mergekit
/// would ignore.
public struct MergeConfig: Config {
  /// The name of a `MergeMethod`.
  public var methodName = ""
  /// Whole models; either these or `slices`.
  public var models: [MergeModelConfig] = []
  /// The layers of the result from top to bottom, each slice from the layers of some models.
  public var slices: [MergeSliceConfig] = []
  /// The folder of the model that task vectors start from, and that gives config and tokenizer; empty for none.
  public var baseModel = ""
  /// Values for all models and tensors, unless a slice or a model has its own.
  public var parameters: [String: MergeSetting] = [:]
  /// What tensors are cast to before they are merged.
  public var dtype = MergeDType.automatic
  /// What the result is cast to.
  public var outDType = MergeDType.automatic
  /// "union", "base" or the folder of a model; empty keeps the base's tokenizer, and all must have the same.
  public var tokenizerSource = ""
  /// As `tokenizerSource`, with a choice for single tokens.
  public var tokenizer = MergeTokenizerConfig()
  /// Parts of a model with several, such as its encoder and decoder: known to mergekit, refused here.
  public var modules = MergeModules()
  /// A Jinja template, or "auto" for the one that most models have; empty keeps that of the tokenizer.
  public var chatTemplate = ""

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case methodName = "merge_method"
    case models, slices
    case baseModel = "base_model"
    case parameters, dtype
    case outDType = "out_dtype"
    case tokenizerSource = "tokenizer_source"
    case tokenizer
    case modules
    case chatTemplate = "chat_template"
  }

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if methodName.isEmpty {
      issues.append(ConfigIssue("merge_method", "is missing"))
    } else if method == nil {
      let known = MergeMethod.allCases.map(\.rawValue)
      let isForeign = MergeMethod.onlyInMergekit.contains(methodName)
      let problem = isForeign ? "is a method of mergekit that Grove does not have" : "is not a method"
      let advice =
        isForeign ? "there are \(known.joined(separator: ", "))" : NearestName.advice(methodName, among: known)
      issues.append(ConfigIssue("merge_method", "'\(methodName)' \(problem); \(advice)"))
    }
    if modules.isWritten {
      issues.append(ConfigIssue("modules", "models of several modules are not supported; give models or slices"))
    }
    if models.isEmpty == slices.isEmpty {
      let problem = models.isEmpty ? "are missing, and so are slices" : "stand beside slices; give one of the two"
      issues.append(ConfigIssue("models", problem))
    }
    for (index, model) in models.enumerated() { issues += model.issues().under("models.\(index)") }
    for (index, slice) in slices.enumerated() { issues += slice.issues().under("slices.\(index)") }
    issues += MergeModelConfig.issues(ofModel: baseModel, "base_model", isRequired: false)
    issues += parameterIssues()
    if !tokenizerSource.isEmpty, !tokenizer.isEmpty {
      issues.append(ConfigIssue("tokenizer_source", "stands beside tokenizer; give one of the two"))
    }
    issues += tokenizer.issues().under("tokenizer")
    if !chatTemplate.isEmpty, chatTemplate != "auto", !chatTemplate.contains("{") {
      issues.append(
        ConfigIssue("chat_template", "'\(chatTemplate.prefix(40))' is neither auto nor a Jinja template"))
    }
    return issues
  }

  /// The method; nil for a name that is none.
  public var method: MergeMethod? { MergeMethod(rawValue: methodName) }

  /// The settings of every level, by field path.
  private var allParameters: [(field: String, settings: [String: MergeSetting])] {
    [("parameters", parameters)]
      + models.enumerated().map { ("models.\($0).parameters", $1.parameters) }
      + slices.enumerated().flatMap { index, slice in
        [("slices.\(index).parameters", slice.parameters)]
          + slice.sources.enumerated().map { ("slices.\(index).sources.\($0).parameters", $1.parameters) }
      }
  }

  private func parameterIssues() -> [ConfigIssue] {
    let known = Set(MergeMethod.allCases.flatMap { $0.parameters.map(\.name) })
    return allParameters.flatMap { field, settings in
      settings.keys.sorted().filter { !known.contains($0) }.map { name in
        ConfigIssue("\(field).\(name)", "no method has this; \(NearestName.advice(name, among: known.sorted()))")
      }
    }
  }

  /// Settings that another method would use, but not this one: mergekit passes over them, and so does Grove, aloud.
  var unusedParameters: [String] {
    guard let method else { return [] }
    let used = Set(method.parameters.map(\.name))
    return allParameters.flatMap { field, settings in
      settings.keys.sorted().filter { !used.contains($0) }.map { "\(field).\($0)" }
    }
  }
}

/// The `modules` of a config, of which only the presence counts.
public struct MergeModules: Codable, Equatable, Sendable {
  /// Whether the config has any.
  public var isWritten = false

  public init() {}

  public init(from decoder: any Decoder) throws {
    isWritten = (try? decoder.singleValueContainer().decode(String.self)) != ""
  }

  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode("")
  }
}

/// A dtype of weights as configs name it.
public enum MergeDType: String, Codable, Equatable, Sendable, CaseIterable {
  /// What the tensors have.
  case automatic
  case float16
  case bfloat16
  case float32
  case float64
}

/// A whole model that takes part.
public struct MergeModelConfig: Config {
  /// A local folder.
  public var model = ""
  /// Values for this model.
  public var parameters: [String: MergeSetting] = [:]

  public init() {}

  public func issues() -> [ConfigIssue] { MergeModelConfig.issues(ofModel: model, "model", isRequired: true) }

  static func issues(ofModel model: String, _ field: String, isRequired: Bool) -> [ConfigIssue] {
    if model.isEmpty { return isRequired ? [ConfigIssue(field, "is missing")] : [] }
    if model.contains("+") {
      return [ConfigIssue(field, "'\(model)' names an adapter; merge it into its model first")]
    }
    return []
  }
}

/// Some layers of the result.
public struct MergeSliceConfig: Config {
  /// The models that they come from.
  public var sources: [MergeSourceConfig] = []
  /// The base of this slice; empty for that of the whole merge.
  public var baseModel = ""
  /// Values for all sources of this slice.
  public var parameters: [String: MergeSetting] = [:]

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case sources
    case baseModel = "base_model"
    case parameters
  }

  public func issues() -> [ConfigIssue] {
    var issues = sources.isEmpty ? [ConfigIssue("sources", "are missing")] : []
    for (index, source) in sources.enumerated() { issues += source.issues().under("sources.\(index)") }
    let counts = Set(sources.compactMap(\.layers?.count))
    if issues.isEmpty, counts.count > 1 {
      let listed = sources.compactMap(\.layers?.count).map { "\($0)" }.joined(separator: ", ")
      issues.append(ConfigIssue("sources", "have \(listed) layers; all sources of a slice need as many"))
    }
    issues += MergeModelConfig.issues(ofModel: baseModel, "base_model", isRequired: false)
    return issues
  }
}

/// Some layers of one model.
public struct MergeSourceConfig: Config {
  /// A local folder.
  public var model = ""
  /// The first layer, and the first that no longer belongs to the slice.
  public var layerRange: [Int] = []
  /// Values for this source.
  public var parameters: [String: MergeSetting] = [:]

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case model
    case layerRange = "layer_range"
    case parameters
  }

  /// Nil if the range is none.
  var layers: Range<Int>? {
    guard layerRange.count == 2, 0 <= layerRange[0], layerRange[0] < layerRange[1] else { return nil }
    return layerRange[0]..<layerRange[1]
  }

  public func issues() -> [ConfigIssue] {
    let issues = MergeModelConfig.issues(ofModel: model, "model", isRequired: true)
    if layers != nil { return issues }
    let problem = layerRange.isEmpty ? "is missing" : "\(layerRange) is not [first, end] with 0 <= first < end"
    return issues + [ConfigIssue("layer_range", problem)]
  }
}
