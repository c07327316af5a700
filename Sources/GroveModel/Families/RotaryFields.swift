import GroveCore

/// The keys of rotary positions in `config.json`, of before and since transformers 5.
extension HuggingFaceReader {
  /// Reads `rope_theta` and `rope_scaling`, or `rope_parameters`.
  /// - Parameters:
  ///   - base, share: what is taken where no key says it.
  ///   - baseKey, shareKey: the family's older keys.
  func rotary(
    into config: inout ModelConfig, base: Double = 10_000, baseKey: String = "rope_theta", share: Double = 1,
    shareKey: String = "partial_rotary_factor"
  ) throws {
    let parameters = try object("rope_parameters")
    config.positions.rotaryBase =
      try parameters?.number("rope_theta", else: base) ?? number(baseKey, else: base)
    config.positions.rotaryShare =
      try parameters?.number("partial_rotary_factor", else: number(shareKey, else: share))
      ?? number(shareKey, else: share)
    if let scaling = try parameters ?? object("rope_scaling") {
      config.positions.scaling = try scaling.scaling(contextLength: config.contextLength)
    }
  }

  /// The object under `rope_scaling` or `rope_parameters`.
  private func scaling(contextLength: Int) throws -> RotaryScalingConfig {
    var scaling = RotaryScalingConfig()
    let type = try text("rope_type") ?? text("type") ?? "default"
    if type == "default" { return scaling }
    guard let kind = RotaryScalingConfig.Kind(rawValue: type), kind != .none else {
      throw error("rope_type", "\"\(type)\" is not supported; only default, linear, dynamic, llama3, yarn")
    }
    scaling.kind = kind
    scaling.factor = try number("factor", else: 1)
    let original = try integer("original_max_position_embeddings", else: 0)
    scaling.originalContextLength = original == contextLength && kind != .llama3 ? 0 : original
    switch kind {
    case .llama3:
      scaling.lowFrequencyFactor = try number("low_freq_factor", else: 1)
      scaling.highFrequencyFactor = try number("high_freq_factor", else: 4)
    case .yarn:
      scaling.fastTurns = try number("beta_fast", else: 32)
      scaling.slowTurns = try number("beta_slow", else: 1)
      scaling.attentionFactor = try attentionFactor(of: scaling)
      try require("truncate", is: true)
    case .none, .linear, .dynamic: break
    }
    return scaling
  }

  /// What DeepSeek's `mscale` says, or the factor itself; 0 for the usual one.
  private func attentionFactor(of scaling: RotaryScalingConfig) throws -> Double {
    let given = try number("attention_factor", else: 0)
    let (scale, all) = (try number("mscale", else: 0), try number("mscale_all_dim", else: 0))
    guard given == 0, scale != 0, all != 0 else { return given }
    return RotaryFrequencies.attentionFactor(scaling.factor, scale)
      / RotaryFrequencies.attentionFactor(scaling.factor, all)
  }
}

extension ModelConfig {
  /// The rotary positions under the keys that all versions of transformers read.
  func rotaryFields(
    baseKey: String = "rope_theta", shareKey: String = "partial_rotary_factor", writesShare: Bool = false
  ) -> [(key: String, value: JSONValue)] {
    var fields: [(key: String, value: JSONValue)] = [
      (baseKey, .number(positions.rotaryBase)), ("rope_scaling", positions.scaling.fields(contextLength)),
    ]
    if writesShare { fields.append((shareKey, .number(positions.rotaryShare))) }
    return fields
  }
}

extension RotaryScalingConfig {
  fileprivate func fields(_ contextLength: Int) -> JSONValue {
    guard kind != .none else { return .null }
    var fields: [(key: String, value: JSONValue)] = [
      ("rope_type", .string(kind.rawValue)), ("factor", .number(factor)),
    ]
    let original = originalContextLength > 0 ? originalContextLength : contextLength
    switch kind {
    case .llama3:
      fields += [
        ("low_freq_factor", .number(lowFrequencyFactor)), ("high_freq_factor", .number(highFrequencyFactor)),
        ("original_max_position_embeddings", .integer(original)),
      ]
    case .yarn:
      fields += [
        ("beta_fast", .number(fastTurns)), ("beta_slow", .number(slowTurns)),
        ("original_max_position_embeddings", .integer(original)),
      ]
      if attentionFactor > 0 { fields.append(("attention_factor", .number(attentionFactor))) }
    case .dynamic:
      if originalContextLength > 0 { fields.append(("original_max_position_embeddings", .integer(original))) }
    case .none, .linear: break
    }
    return .object(fields)
  }
}
