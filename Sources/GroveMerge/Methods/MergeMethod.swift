/// The methods of merging by mergekit's names.
public enum MergeMethod: String, Codable, CaseIterable, Sendable {
  case linear
  case taskArithmetic = "task_arithmetic"
  case ties
  case dareLinear = "dare_linear"
  case dareTies = "dare_ties"
  case breadcrumbs
  case breadcrumbsTies = "breadcrumbs_ties"
  case della
  case dellaLinear = "della_linear"
  case slerp
  case multislerp
  case modelStock = "model_stock"
  case passthrough

  /// Names that mergekit 0.1.5 has besides.
  static let onlyInMergekit = ["arcee_fusion", "karcher", "nearswap", "nuslerp", "ram", "ramplus_tl", "sce"]

  /// A value that a method takes.
  public struct Parameter: Equatable, Sendable {
    /// What kind of value it is.
    public enum Kind: Equatable, Sendable {
      case number
      case flag
      /// true, false, or the name of a `Rescaling`.
      case rescaling
    }
    /// For whom it is given.
    public enum Scope: Equatable, Sendable {
      /// Once for a tensor of the result.
      case shared
      /// For each model.
      case eachModel
      /// For each model but the base.
      case eachOther
    }

    /// As it is written in a config.
    public let name: String
    public let kind: Kind
    public let scope: Scope
    /// What holds where nothing is written; nil where something must be.
    public let fallback: MergeScalar?
    /// Whether nothing may be written although there is no fallback.
    public let isOptional: Bool

    init(_ name: String, _ kind: Kind, _ scope: Scope, _ fallback: MergeScalar?, isOptional: Bool = false) {
      self.name = name
      self.kind = kind
      self.scope = scope
      self.fallback = fallback
      self.isOptional = isOptional
    }
  }

  /// What a method needs of its inputs.
  public struct Contract: Equatable, Sendable {
    /// What the base model is to a method.
    public enum Base: Equatable, Sendable {
      case required
      /// It plays a part where there is one.
      case optional
      /// It is a model like the others.
      case ignored
    }

    public let base: Base
    /// How many models take part, the base included.
    public let models: ClosedRange<Int>
  }

  /// What the method needs of its inputs.
  public var contract: Contract {
    switch self {
    case .linear: Contract(base: .ignored, models: 1...Int.max)
    case .passthrough: Contract(base: .ignored, models: 1...1)
    case .slerp: Contract(base: .required, models: 2...2)
    case .multislerp: Contract(base: .optional, models: 1...Int.max)
    case .modelStock: Contract(base: .required, models: 3...Int.max)
    case .taskArithmetic, .ties, .dareLinear, .dareTies, .breadcrumbs, .breadcrumbsTies, .della, .dellaLinear:
      Contract(base: .required, models: 1...Int.max)
    }
  }

  /// Whether the result depends on a seed.
  public var isRandom: Bool {
    switch self {
    case .dareLinear, .dareTies, .della, .dellaLinear: true
    default: false
    }
  }

  /// All values that the method takes.
  public var parameters: [Parameter] {
    switch self {
    case .linear:
      [Parameter("weight", .number, .eachModel, nil), Parameter("normalize", .flag, .shared, .flag(true))]
    case .slerp: [Parameter("t", .number, .shared, nil)]
    case .multislerp:
      [
        Parameter("weight", .number, .eachOther, nil), Parameter("normalize_weights", .flag, .shared, .flag(true)),
        Parameter("eps", .number, .shared, .number(1e-8)),
      ]
    case .modelStock: [Parameter("filter_wise", .flag, .shared, .flag(false))]
    case .passthrough: [Parameter("scale", .number, .eachModel, nil, isOptional: true)]
    case .taskArithmetic: taskParameters(normalizes: false, rescales: false)
    case .ties: taskParameters(normalizes: true, rescales: false)
    case .dareLinear, .dareTies: taskParameters(normalizes: false, rescales: true)
    case .breadcrumbs, .breadcrumbsTies:
      taskParameters(normalizes: false, rescales: false) + [Parameter("gamma", .number, .eachOther, .number(0.01))]
    case .della:
      taskParameters(normalizes: true, rescales: true) + [Parameter("epsilon", .number, .eachOther, .number(0.15))]
    case .dellaLinear:
      taskParameters(normalizes: false, rescales: true) + [Parameter("epsilon", .number, .eachOther, .number(0.15))]
    }
  }

  private func taskParameters(normalizes: Bool, rescales: Bool) -> [Parameter] {
    [
      Parameter("weight", .number, .eachOther, nil), Parameter("density", .number, .eachOther, .number(1)),
      Parameter("normalize", .flag, .shared, .flag(normalizes)),
      Parameter("rescale", .rescaling, .shared, .flag(rescales)), Parameter("lambda", .number, .shared, .number(1)),
      Parameter("int8_mask", .flag, .shared, .flag(false)),
    ]
  }
}
