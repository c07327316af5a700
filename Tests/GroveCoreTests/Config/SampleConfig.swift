import GroveCore

/// A config with one field of each kind that configs may have.
struct SampleConfig: Config {
  var name = "run"
  var steps = 1000
  var learningRate = 0.001
  var compiled = true
  var schedule = Schedule.cosine
  var width = Extent.automatic
  var attention = SampleAttention()
  var layers = [SampleLayer()]
  var weights = ["web": 1.0]
  var betas = [0.9, 0.95]
  var tags: [String] = []
  var stop = Stop.afterSteps(10)

  enum Schedule: String, Codable, CaseIterable { case cosine, linear, constant }

  /// A choice that carries a value, in the shape that the compiler gives it.
  enum Stop: Codable, Equatable {
    case never
    case afterSteps(Int)
  }

  /// A number or the word "automatic".
  enum Extent: Codable, Equatable {
    case automatic
    case exactly(Int)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Int.self) {
        self = .exactly(value)
      } else if try container.decode(String.self) == "automatic" {
        self = .automatic
      } else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "write a number or 'automatic'")
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .automatic: try container.encode("automatic")
      case .exactly(let value): try container.encode(value)
      }
    }
  }

  func issues() -> [ConfigIssue] {
    (steps > 0 ? [] : [ConfigIssue("steps", "\(steps) is not positive")]) + attention.issues().under("attention")
      + layers.enumerated().flatMap { $1.issues().under("layers.\($0)") }
  }
}

struct SampleAttention: Config {
  var heads = 12
  var keyValueHeads = 4

  func issues() -> [ConfigIssue] {
    keyValueHeads > 0 && heads.isMultiple(of: keyValueHeads)
      ? [] : [ConfigIssue("heads", "\(heads) is not a multiple of keyValueHeads \(keyValueHeads)")]
  }
}

struct SampleLayer: Config {
  var width = 64
  var dropout = 0.0

  func issues() -> [ConfigIssue] { width > 0 ? [] : [ConfigIssue("width", "\(width) is not positive")] }
}

extension SampleConfig {
  /// Every field away from its default, with texts that tempt a YAML writer.
  static var changed: SampleConfig {
    var config = SampleConfig()
    config.name = "no: \"quotes\", #hash и 한국어 \u{1F600}\nline two"
    config.steps = -7
    config.learningRate = 1e-5
    config.compiled = false
    config.schedule = .linear
    config.width = .exactly(512)
    config.attention = SampleAttention(heads: 8, keyValueHeads: 2)
    config.layers = [SampleLayer(width: 1, dropout: 0.1), SampleLayer(width: 2, dropout: .infinity)]
    config.weights = ["on": 2, "1e3": 0.25, "null": 1e300]
    config.betas = []
    config.tags = ["yes", "12", "~", "", " space ", "2024-01-01", "- dash", "0x1F", ".inf", "plain"]
    config.stop = .never
    return config
  }
}
