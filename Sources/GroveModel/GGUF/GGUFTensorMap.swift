import GroveCore
import GroveTensor

/// Where the tensors of a Hugging Face checkpoint stand in a GGUF file, and how they lie there.
struct GGUFTensorMap {
  /// One tensor under both names.
  struct Pair {
    let checkpoint: String
    let gguf: String
    let layout: GGUFLayout
  }

  /// In the order of the model.
  let pairs: [Pair]

  init(_ config: ModelConfig, _ architecture: GGUFArchitecture) {
    let names = config.family.form.names(config)
    var pairs: [Pair] = []
    func add(_ checkpoint: String?, _ gguf: String, _ layout: GGUFLayout = .same) {
      guard let checkpoint else { return }
      // Biases are vectors, which nothing transposes.
      let bias = layout == .transposed ? .same : layout
      pairs.append(Pair(checkpoint: "\(checkpoint).weight", gguf: "\(gguf).weight", layout: layout))
      pairs.append(Pair(checkpoint: "\(checkpoint).bias", gguf: "\(gguf).bias", layout: bias))
    }
    let gain: GGUFLayout = architecture.storesWholeGains ? .wholeGain : .same
    let matrix: GGUFLayout = names.isTransposed ? .transposed : .same
    func turned(_ heads: Int) -> GGUFLayout {
      architecture.turnsNeighbours ? .neighbours(heads: heads, width: config.headWidth) : matrix
    }
    add("\(names.base)\(names.embedding)", "token_embd")
    add(names.positions.map { "\(names.base)\($0)" }, "position_embd")
    add(names.embeddingNorm.map { "\(names.base)\($0)" }, "token_embd_norm", gain)
    for index in 0..<config.layers {
      let (layer, block) = ("\(names.base)\(names.layers).\(index).", "blk.\(index).")
      add("\(layer)\(names.attentionNorm)", "\(block)attn_norm", gain)
      switch names.attention {
      case .separate(let query, let key, let value):
        add("\(layer)\(query)", "\(block)attn_q", turned(config.attention.heads))
        add("\(layer)\(key)", "\(block)attn_k", turned(config.attention.keyValueHeads))
        add("\(layer)\(value)", "\(block)attn_v", matrix)
      case .stacked(let name): add("\(layer)\(name)", "\(block)attn_qkv", matrix)
      case .interleaved(let name):
        add("\(layer)\(name)", "\(block)attn_qkv", .stacked(heads: config.attention.heads, width: config.headWidth))
      }
      add("\(layer)\(names.attentionOutput)", "\(block)attn_output", matrix)
      add("\(layer)\(names.queryNorm)", "\(block)attn_q_norm", gain)
      add("\(layer)\(names.keyNorm)", "\(block)attn_k_norm", gain)
      add(names.attentionPostNorm.map { "\(layer)\($0)" }, "\(block)post_attention_norm", gain)
      add(names.feedForwardNorm.map { "\(layer)\($0)" }, "\(block)ffn_norm", gain)
      add("\(layer)\(names.gate)", "\(block)ffn_gate", matrix)
      add("\(layer)\(names.up)", "\(block)ffn_up", matrix)
      add("\(layer)\(names.down)", "\(block)ffn_down", matrix)
      add(names.feedForwardPostNorm.map { "\(layer)\($0)" }, "\(block)post_ffw_norm", gain)
    }
    add("\(names.base)\(names.finalNorm)", "output_norm", gain)
    add(names.head, "output")
    self.pairs = pairs
  }
}

/// How the elements of a checkpoint's tensor are arranged in a GGUF file.
enum GGUFLayout: Equatable {
  case same
  /// A matrix that the checkpoint has as `[in, out]`, and GGUF as `[out, in]`.
  case transposed
  /// The gain of a norm that counts from 1: GGUF has the 1 in it.
  case wholeGain
  /// Rows of queries or keys: GGUF has the two places of a rotated pair side by side, the checkpoint half a head apart.
  case neighbours(heads: Int, width: Int)
  /// Query, key and value of each head in turn; GGUF has all queries, all keys, all values.
  case stacked(heads: Int, width: Int)

  /// The shape on the other side.
  func shape(_ shape: [Int]) -> [Int] { self == .transposed ? shape.reversed() : shape }

  /// From the checkpoint's layout to GGUF's.
  func written(_ tensor: Tensor) throws -> Tensor {
    switch self {
    case .same: tensor
    case .transposed: try tensor.transposed(0, 1)
    case .wholeGain: try tensor.cast(to: .float32) + 1
    case .neighbours(let heads, let width): try GGUFLayout.swapped(tensor, [heads, 2, width / 2])
    case .stacked(let heads, let width): try GGUFLayout.swapped(tensor, [1, heads, 3, width])
    }
  }

  /// From GGUF's layout to the checkpoint's.
  func read(_ tensor: Tensor) throws -> Tensor {
    switch self {
    case .same: tensor
    case .transposed: try tensor.transposed(0, 1)
    case .wholeGain: try tensor.cast(to: .float32) - 1
    case .neighbours(let heads, let width): try GGUFLayout.swapped(tensor, [heads, width / 2, 2])
    case .stacked(let heads, let width): try GGUFLayout.swapped(tensor, [1, 3, heads, width])
    }
  }

  /// Cuts the first axis into these, and swaps the second with the third. A shape that does not fit stays, for the loader
  /// to refuse.
  private static func swapped(_ tensor: Tensor, _ axes: [Int]) throws -> Tensor {
    guard tensor.shape.first == axes.reduce(1, *) else { return tensor }
    return try tensor.reshaped(to: axes + tensor.shape.dropFirst()).transposed(1, 2).reshaped(to: tensor.shape)
  }
}
