public import GroveTensor

/// How a tensor of a GGUF file holds its elements, by the codes of the file. Other codes are refused.
///
/// The quantised ones are ggml's: a row is cut into blocks, each with a scale, and perhaps a minimum, of its own.
public enum GGUFTensorType: UInt32, Sendable, CaseIterable {
  case float32 = 0
  case float16 = 1
  /// 32 of 4 bits and a scale: 4.5 bits each.
  case q4_0 = 2
  /// 32 of 4 bits, a scale and a minimum: 5 bits each.
  case q4_1 = 3
  /// 32 of 5 bits and a scale: 5.5 bits each.
  case q5_0 = 6
  /// 32 of 5 bits, a scale and a minimum: 6 bits each.
  case q5_1 = 7
  /// 32 of 8 bits and a scale: 8.5 bits each.
  case q8_0 = 8
  /// 256 of 4 bits in 8 parts, whose scales and minima have 6 bits: 4.5 bits each.
  case q4_K = 12
  /// 256 of 5 bits in 8 parts, whose scales and minima have 6 bits: 5.5 bits each.
  case q5_K = 13
  /// 256 of 6 bits in 16 parts, whose scales have 8 bits: 6.5625 bits each.
  case q6_K = 14
  case bfloat16 = 30

  /// As llama.cpp writes it.
  public var name: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .q4_0: "Q4_0"
    case .q4_1: "Q4_1"
    case .q5_0: "Q5_0"
    case .q5_1: "Q5_1"
    case .q8_0: "Q8_0"
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    }
  }

  /// Nil for blocks.
  public var dtype: DType? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }

  /// Elements of a block; rows are whole blocks.
  public var blockElements: Int {
    switch self {
    case .float32, .float16, .bfloat16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    case .q4_K, .q5_K, .q6_K: 256
    }
  }

  /// Bytes of a block.
  public var blockBytes: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    case .q4_0: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    }
  }

  /// Bytes of so many elements, which are whole blocks.
  public func byteCount(elements: Int) -> Int { elements / blockElements * blockBytes }

  /// A code in words, with the name that ggml has for it where Grove knows that.
  static func describe(_ code: UInt32) -> String {
    let others: [UInt32: String] = [
      9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
      20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
      29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
    return others[code] ?? "\(code)"
  }
}
