import GroveCore

/// What makes a family: its parts, and how Hugging Face writes its config and names its tensors.
protocol ModelFamily {
  /// `architectures` in `config.json`.
  static var className: String { get }
  /// The parts of a model that its config does not change.
  static func architecture(_ config: ModelConfig) -> Architecture
  /// Reads `config.json`. Choices of parts are made only where they differ from `architecture`.
  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig
  /// The fields of `config.json` that are the family's own.
  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)]
  /// The names of its tensors.
  static func names(_ config: ModelConfig) -> CheckpointNames
  /// What else keeps a config from being one of this family.
  static func issues(_ config: ModelConfig) -> [ConfigIssue]
}

extension ModelFamily {
  /// The family holds what its `config.json` holds: a choice that is lost on the way there and back is refused.
  static func issues(_ config: ModelConfig) -> [ConfigIssue] {
    let json = JSONValue.object(fields(config) + HuggingFaceConfig.sharedFields(config))
    let reader = HuggingFaceReader(json: json, place: "config.json")
    do {
      let again = try read(reader)
      let (before, after) = (try config.resolved.json(), try again.resolved.json())
      return after.changes(from: before).map {
        ConfigIssue(
          $0.path,
          "\($0.before.words) cannot be written as \(config.family.rawValue), which has \($0.now.words); "
            + "the family grove takes any")
      }
    } catch let error as GroveError {
      return [ConfigIssue("family", "\(config.family.rawValue) cannot have this shape: \(error.problem)")]
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

extension String {
  /// Without the quotes of a JSON text.
  fileprivate var words: String { trimmingPrefix("\"").hasSuffix("\"") ? String(dropFirst().dropLast()) : self }
}

extension ModelConfig.Family {
  /// The family's own code.
  var form: any ModelFamily.Type {
    switch self {
    case .llama: LLaMA.self
    case .mistral: Mistral.self
    case .qwen2: Qwen2.self
    case .qwen3: Qwen3.self
    case .gemma3: Gemma3.self
    case .gpt2: GPT2.self
    case .neoX: GPTNeoX.self
    case .bloom: BLOOM.self
    case .opt: OPT.self
    case .phi: Phi.self
    case .bigCode: GPTBigCode.self
    case .starCoder2: StarCoder2.self
    case .grove: GroveFamily.self
    }
  }
}

/// How a checkpoint names the tensors of a decoder; nil for parts that the family does not have.
struct CheckpointNames {
  /// Before the names of everything but the head; a checkpoint of the bare model leaves it out.
  var base = "model."
  var embedding = "embed_tokens"
  var embeddingNorm: String?
  var positions: String?
  /// Between embedding and stream, where their widths differ.
  var projectIn = "project_in"
  var projectOut = "project_out"
  var layers = "layers"
  /// The norm before attention, or after it where norms stand there.
  var attentionNorm = "input_layernorm"
  var attentionPostNorm: String?
  var feedForwardNorm: String? = "post_attention_layernorm"
  var feedForwardPostNorm: String?
  var attention = AttentionNames.separate("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
  var attentionOutput = "self_attn.o_proj"
  var queryNorm = "self_attn.q_norm"
  var keyNorm = "self_attn.k_norm"
  var gate = "mlp.gate_proj"
  var up = "mlp.up_proj"
  /// That of layers without a gate, where it is another one.
  var plainUp: String?
  var down = "mlp.down_proj"
  /// Before the output matrices, where Sub-LN has norms.
  var attentionInnerNorm: String?
  var feedForwardInnerNorm: String?
  var finalNorm = "norm"
  var head = "lm_head"
  /// Matrices are stored as `[in, out]`.
  var isTransposed = false
  /// Endings of tensors that older writers add and nothing needs.
  var ignored: [String] = ["rotary_emb.inv_freq"]

  /// How queries, keys and values are stored.
  enum AttentionNames {
    case separate(String, String, String)
    /// All queries, then all keys, then all values.
    case stacked(String)
    /// Query, key and value of the first head, then of the second, and so on.
    case interleaved(String)
  }
}
