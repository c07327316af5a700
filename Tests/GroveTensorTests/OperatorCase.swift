import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

/// One case of `operators.json`: what PyTorch computed, and how to compute it here.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  let name: String
  let operation: String
  let attributes: JSONValue
  /// Names in `operators.safetensors`; nil stands for what has no gradient.
  let inputs: [String?]
  let outputs: [String?]
  let cotangents: [String?]
  let gradients: [String?]

  var testDescription: String { name }

  static func all() throws -> [OperatorCase] {
    let manifest = try JSONValue(contentsOf: Fixtures.url("operators/operators.json"))
    return try #require(manifest["cases"]?.arrayValue).map { json in
      func names(_ key: String) -> [String?] { (json[key]?.arrayValue ?? []).map(\.stringValue) }
      return OperatorCase(
        name: try #require(json["name"]?.stringValue), operation: try #require(json["operator"]?.stringValue),
        attributes: try #require(json["attributes"]), inputs: names("inputs"), outputs: names("outputs"),
        cotangents: names("cotangents"), gradients: names("gradients"))
    }
  }

  /// The stored tensors of some names.
  func tensors(_ names: [String?]) throws -> [Tensor?] {
    let file = try SafetensorsFile(Fixtures.url("operators/operators.safetensors"))
    return try names.map { name in try name.map { try file.tensor($0) } }
  }

  /// Runs the operator. A case whose operator no group knows fails.
  func results(_ x: [Tensor]) throws -> [Tensor] {
    for group in [arithmetic, functions, network, shape, selection, reduction, optimisation] {
      if let results = try group(x) { return results }
    }
    Issue.record("nothing here computes the operator \(operation)")
    return []
  }

  // MARK: Attributes

  func integer(_ key: String) throws -> Int { try #require(attributes[key]?.integerValue) }
  func number(_ key: String) throws -> Double { try #require(attributes[key]?.numberValue) }
  func text(_ key: String) throws -> String { try #require(attributes[key]?.stringValue) }
  func integers(_ key: String) throws -> [Int] {
    try #require(attributes[key]?.arrayValue).map { try #require($0.integerValue) }
  }
  func flag(_ key: String) -> Bool { attributes[key]?.boolValue ?? false }
  var reducedAxis: ReducedAxis { flag("keep") ? .kept : .removed }
}
