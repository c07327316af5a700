/// The type of a tensor's elements. Raw values are libtorch's codes.
public enum DType: Int32, Sendable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case int16 = 2
  case int32 = 3
  case int64 = 4
  case float16 = 5
  case float32 = 6
  case float64 = 7
  case bool = 11
  case bfloat16 = 15

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .int16, .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .float32, .float64, .bfloat16: true
    default: false
    }
  }
}

/// Where a tensor lives.
public enum Device: Hashable, Sendable, CustomStringConvertible {
  case cpu
  case cuda(Int)
  case mps

  /// "cpu", "cuda", "cuda:1", "mps"; nil for anything else.
  public init?(_ name: String) {
    switch name {
    case "cpu": self = .cpu
    case "mps": self = .mps
    case "cuda": self = .cuda(0)
    default:
      guard name.hasPrefix("cuda:"), let index = Int(name.dropFirst(5)), (0..<128).contains(index) else { return nil }
      self = .cuda(index)
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    case .mps: "mps"
    }
  }

  /// c10::DeviceType
  var typeCode: Int32 {
    switch self {
    case .cpu: 0
    case .cuda: 1
    case .mps: 13
    }
  }

  var indexCode: Int32 { if case .cuda(let index) = self { Int32(index) } else { -1 } }

  init(typeCode: Int32, indexCode: Int32) {
    switch typeCode {
    case 1: self = .cuda(Int(indexCode))
    case 13: self = .mps
    default: self = .cpu
    }
  }
}
