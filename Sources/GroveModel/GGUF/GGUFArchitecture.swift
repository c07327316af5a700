/// The architectures of GGUF files that Grove knows, named as `general.architecture` names them.
enum GGUFArchitecture: String, CaseIterable {
  /// LLaMA and Mistral.
  case llama
  case qwen2, qwen3, gemma3, gpt2
  case neoX = "gptneox"
  case bloom
  case starCoder2 = "starcoder2"
  case phi = "phi2"

  /// Nil for families that llama.cpp does not have, or whose tensors Grove does not map.
  init?(_ family: ModelConfig.Family) {
    switch family {
    case .llama, .mistral: self = .llama
    case .qwen2: self = .qwen2
    case .qwen3: self = .qwen3
    case .gemma3: self = .gemma3
    case .gpt2: self = .gpt2
    case .neoX: self = .neoX
    case .bloom: self = .bloom
    case .starCoder2: self = .starCoder2
    case .phi: self = .phi
    case .opt, .bigCode, .grove: return nil
    }
  }

  var family: ModelConfig.Family {
    switch self {
    case .llama: .llama
    case .qwen2: .qwen2
    case .qwen3: .qwen3
    case .gemma3: .gemma3
    case .gpt2: .gpt2
    case .neoX: .neoX
    case .bloom: .bloom
    case .starCoder2: .starCoder2
    case .phi: .phi
    }
  }

  /// Whether rows of queries and keys are stored in the order of llama.cpp's older rotation, which turns neighbours.
  var turnsNeighbours: Bool { self == .llama }

  /// Whether gains that count from 1 are stored with the 1.
  var storesWholeGains: Bool { self == .gemma3 }

  /// Whether queries and keys are turned.
  var isRotary: Bool { self != .gpt2 && self != .bloom }

  /// Whether the key of the norm's epsilon says RMS.
  var usesRootMeanSquare: Bool {
    switch self {
    case .llama, .qwen2, .qwen3, .gemma3: true
    case .gpt2, .neoX, .bloom, .starCoder2, .phi: false
    }
  }
}
