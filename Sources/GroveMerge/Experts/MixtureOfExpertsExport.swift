public import Foundation
public import GroveCore
import GroveModel
public import GroveTensor

/// Makes a sparse mixture of experts of LLaMA-shaped models: their feed-forward layers become the experts of each layer,
/// everything else is averaged.
///
/// The result is a checkpoint of Mixtral's format (Jiang et al. 2024, arXiv:2401.04088, §2), which `transformers` loads.
/// - Source: Sukhbaatar et al. 2024, "Branch-Train-MiX" (arXiv:2403.07816), §3.2. There the mixture is trained on
///   afterwards, which teaches the router; before that, `Router` says what it starts as.
public struct MixtureOfExpertsExport {
  /// The weights of the router before it is trained.
  public enum Router {
    /// Zeros: every expert has the same score.
    case uniform
    /// Draws from N(0, deviation²), by layer.
    case random(deviation: Double, RandomKey)
    /// `[E, C]`, one for all layers or one for each: the score of an expert is the inner product of its vector with the
    /// normed hidden state, for instance the mean hidden state over an expert's texts.
    case vectors([Tensor])
  }

  private let plan: MergePlan
  private let router: Router
  private let expertsPerToken: Int
  /// The model of each expert among those of the plan.
  private let experts: [Int]
  private let dtype: DType

  /// Checks that the models fit together.
  ///
  /// - Throws: `GroveError` that names the field or the tensor: models of another family or shape, tensors that Mixtral
  ///   has no place for, router vectors of another shape.
  public init(_ config: MixtureOfExpertsConfig, router: Router) throws {
    try config.validated()
    var merge = MergeConfig()
    merge.methodName = MergeMethod.linear.rawValue
    merge.dtype = .float32
    merge.outDType = config.dtype
    var weights: [(model: String, weight: Double)] = []
    for expert in config.experts {
      let index = weights.firstIndex { $0.model == expert.model }
      if let index { weights[index].weight += expert.weight } else { weights.append((expert.model, expert.weight)) }
    }
    merge.models = weights.map {
      var model = MergeModelConfig($0.model)
      model.parameters["weight"] = .value(.number($0.weight))
      return model
    }
    let plan = try MergePlan(merge)
    let firstStored = plan.models[0].entry(plan.models[0].names.embedding)?.dtype
    (self.plan, self.router) = (plan, router)
    dtype = config.dtype.dtype ?? firstStored ?? .float32
    expertsPerToken = config.expertsPerToken
    experts = config.experts.map { expert in weights.firstIndex { $0.model == expert.model } ?? 0 }
    try requireLLaMA()
    try requireRouter()
  }

  /// As the config says, with the router that it names.
  /// - Parameter random: the key of a random router.
  public init(_ config: MixtureOfExpertsConfig, random: RandomKey) throws {
    switch config.gateMode {
    case .uniform: try self.init(config, router: .uniform)
    case .random: try self.init(config, router: .random(deviation: 0.02, random.split("router")))
    case .vectors:
      try config.validated()
      try self.init(config, router: .vectors(try MixtureOfExpertsExport.vectors(URL(filePath: config.gateFile))))
    }
  }

  private static func vectors(_ file: URL) throws -> [Tensor] {
    let stored = try SafetensorsFile(file)
    if stored["router"] != nil { return [try stored.tensor("router")] }
    let layers = stored.entries.filter { $0.name.hasPrefix("router.") }.count
    guard layers > 0 else {
      throw GroveError(.format, file.path, "has neither a tensor 'router' nor 'router.0', 'router.1', …")
    }
    return try (0..<layers).map { try stored.tensor("router.\($0)") }
  }

  private var names: TensorNames { plan.models[0].names }
  private var layers: Int { plan.models[0].layers }
  private var width: Int { plan.models[0].entry(names.embedding)?.shape.last ?? 0 }
  /// Numbers of the result.
  public var parameterCount: Int {
    items { _ in }.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// What Mixtral calls the matrices of a LLaMA feed-forward layer.
  private static let matrices = [("gate_proj", "w1"), ("down_proj", "w2"), ("up_proj", "w3")]
  private static let layerTensors =
    ["input_layernorm", "post_attention_layernorm"].map { ".\($0).weight" }
    + ["q_proj", "k_proj", "v_proj", "o_proj"].map { ".self_attn.\($0).weight" }
    + matrices.map { ".mlp.\($0.0).weight" }

  private func requireLLaMA() throws {
    guard names == .llama else {
      throw GroveError(
        .config, "experts", "\(plan.models[0].name) is not LLaMA-shaped", remedy: "Mixtral's format holds no other.")
    }
    for entry in plan.entries {
      guard let layer = names.layer(of: entry.name), !Self.layerTensors.contains(String(layer.rest)) else { continue }
      throw GroveError(
        .config, "experts", "\(plan.models[0].name) has \(entry.name), and Mixtral's format has no place for it",
        remedy: "Experts are LLaMA-shaped models without biases.")
    }
  }

  private func requireRouter() throws {
    guard case .vectors(let tensors) = router else { return }
    guard tensors.count == 1 || tensors.count == layers else {
      throw GroveError(
        .argument, "router", "\(tensors.count) tensors for \(layers) layers", remedy: "Give one, or one a layer.")
    }
    for tensor in tensors where tensor.shape != [experts.count, width] {
      throw GroveError(
        .argument, "router",
        "a tensor has the shape \(tensor.shape), expected \([experts.count, width]): experts, width")
    }
  }

  /// Writes the checkpoint with the first expert's tokenizer.
  ///
  /// - Parameter onTensor: called after each tensor with how many are done, and of how many.
  /// - Throws: `GroveError` if the folder is there already and not empty. Then nothing appears.
  /// - Complexity: memory for a few copies of the largest tensor.
  public func write(
    to folder: URL, shardBytes: Int = 5_000_000_000, onTensor: @escaping (_ done: Int, _ of: Int) -> Void
  ) throws {
    var (done, total) = (0, 0)
    let items = items { _ in
      done += 1
      onTensor(done, total)
    }
    total = items.count
    try OutputFolder.write(folder) { aside in
      try ModelFolder.write(items, to: aside, shardBytes: shardBytes)
      try FileSystem.write(configJSON().prettyText + "\n", to: aside.appending(path: "config.json"))
      try TokenizerFiles(plan).write(to: aside)
    }
  }

  /// Every tensor of the result.
  private func items(_ onMade: @escaping (String) -> Void) -> [SafetensorsWriter.Item] {
    let shared = ModelMerge(plan, random: RandomKey(seed: 0)).items(where: { !$0.contains(".mlp.") }, onMerged: onMade)
    return shared.map { item in SafetensorsWriter.Item(item.name, dtype, item.shape) { try item.made() } }
      + (0..<layers).flatMap { expertItems(layer: $0, onMade) + [routerItem(layer: $0, onMade)] }
  }

  private func expertItems(layer: Int, _ onMade: @escaping (String) -> Void) -> [SafetensorsWriter.Item] {
    experts.enumerated().flatMap { expert, model in
      Self.matrices.compactMap { source, target in
        let stored = names.name(layer: layer, ".mlp.\(source).weight")
        let name = names.name(layer: layer, ".block_sparse_moe.experts.\(expert).\(target).weight")
        guard let shape = plan.models[model].entry(stored)?.shape else { return nil }
        return SafetensorsWriter.Item(name, dtype, shape) {
          defer { onMade(name) }
          return try plan.models[model].tensor(stored)
        }
      }
    }
  }

  private func routerItem(layer: Int, _ onMade: @escaping (String) -> Void) -> SafetensorsWriter.Item {
    let name = names.name(layer: layer, ".block_sparse_moe.gate.weight")
    let shape = [experts.count, width]
    return SafetensorsWriter.Item(name, dtype, shape) {
      defer { onMade(name) }
      return switch router {
      case .uniform: try .zeros(shape, .float32)
      case .random(let deviation, let key): try .normal(shape, deviation: deviation, random: key.split(layer))
      case .vectors(let tensors): tensors[tensors.count == 1 ? 0 : layer]
      }
    }
  }

  /// The experts' config as Mixtral's.
  private func configJSON() -> JSONValue {
    var config = plan.outputConfig.setting("architectures", to: ["MixtralForCausalLM"])
    config = config.setting("model_type", to: "mixtral")
    config = config.setting("num_local_experts", to: .integer(experts.count))
    config = config.setting("num_experts_per_tok", to: .integer(expertsPerToken))
    config = config.setting("sliding_window", to: .null)
    config = config.setting(config["dtype"] != nil ? "dtype" : "torch_dtype", to: .string("\(dtype)"))
    // Mixtral has no biases, and its config no key for them.
    return .object(
      (config.objectValue ?? []).filter { !["attention_bias", "mlp_bias", "pretraining_tp"].contains($0.key) })
  }
}
