public import GroveCore

/// Which models become the experts of one sparse model, and how their router begins.
public struct MixtureOfExpertsConfig: Config {
  /// LLaMA-shaped models of one seed, one for each expert; local folders. A model may stand more than once.
  public var experts: [Expert] = []
  /// Experts that a token goes through, k.
  public var expertsPerToken = 2
  /// What the router is made of.
  public var gateMode = GateMode.uniform
  /// For `gateMode: vectors`, a safetensors file with "router" `[E, C]` for all layers or "router.N" for layer N.
  public var gateFile = ""
  /// What is written; "automatic" keeps the experts' dtype.
  public var dtype = MergeDType.automatic

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case experts
    case expertsPerToken = "experts_per_token"
    case gateMode = "gate_mode"
    case gateFile = "gate_file"
    case dtype
  }

  /// What the router's weights are before it is trained.
  public enum GateMode: String, Codable, Equatable, Sendable, CaseIterable {
    /// Zeros: all experts are equal, and of equal ones the first k are taken.
    case uniform
    /// Draws from N(0, 0.02²).
    case random
    /// The vectors of a file: a token goes to the experts whose vectors its hidden state points to.
    case vectors
  }

  /// One expert.
  public struct Expert: Config {
    /// A local folder.
    public var model = ""
    /// Its share in what all experts have in common.
    public var weight = 1.0

    public init() {}

    private enum CodingKeys: String, CodingKey {
      case model = "source_model"
      case weight
    }

    public func issues() -> [ConfigIssue] {
      let issues = MergeModelConfig.issues(ofModel: model, "source_model", isRequired: true)
      return weight >= 0 && weight.isFinite ? issues : issues + [ConfigIssue("weight", "\(weight) is not 0 or more")]
    }
  }

  public func issues() -> [ConfigIssue] {
    var issues = experts.count < 2 ? [ConfigIssue("experts", "\(experts.count) are too few; give 2 or more")] : []
    for (index, expert) in experts.enumerated() { issues += expert.issues().under("experts.\(index)") }
    if issues.isEmpty, experts.reduce(0, { $0 + $1.weight }) <= 0 {
      issues.append(ConfigIssue("experts", "have weights that sum to 0"))
    }
    if !(1...max(1, experts.count)).contains(expertsPerToken) {
      issues.append(ConfigIssue("experts_per_token", "\(expertsPerToken) is outside 1...\(experts.count)"))
    }
    if (gateMode == .vectors) == gateFile.isEmpty {
      let problem =
        gateFile.isEmpty ? "is missing, which gate_mode vectors needs" : "is only read for gate_mode vectors"
      issues.append(ConfigIssue("gate_file", problem))
    }
    return issues
  }
}
