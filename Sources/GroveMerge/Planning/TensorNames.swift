import GroveCore
import GroveModel

/// How a family of models names its tensors, as far as merging must know.
struct TensorNames: Equatable, Sendable {
  /// What stands before the number of a layer.
  let layerPrefix: String
  /// The key of config.json that counts the layers.
  let layerCountKey: String
  /// The token embedding, `[V, C]`.
  let embedding: String
  /// The output matrix, `[V, C]`; missing from files where the embedding serves.
  let head: String
  /// What older files leave out before every name, or nothing.
  let optionalPrefix: String
  /// Ends of names that are constants of the code rather than weights.
  let constants: [String]
  /// Starts of names that come after the layers.
  let afterLayers: [String]
  /// Whether this is a family with all its names, rather than a guess from the numbers in names.
  var isKnown = true

  static let llama = TensorNames(
    layerPrefix: "model.layers.", layerCountKey: "num_hidden_layers", embedding: "model.embed_tokens.weight",
    head: "lm_head.weight", optionalPrefix: "", constants: [".rotary_emb.inv_freq"],
    afterLayers: ["model.norm.", "lm_head."])

  static let gpt2 = TensorNames(
    layerPrefix: "transformer.h.", layerCountKey: "n_layer", embedding: "transformer.wte.weight",
    head: "lm_head.weight", optionalPrefix: "transformer.", constants: [".attn.bias", ".attn.masked_bias"],
    afterLayers: ["transformer.ln_f.", "lm_head."])

  /// The names of a checkpoint, by the patterns that it has.
  ///
  /// Of a family that is not known, the layers are what one common prefix and a number stand before.
  static func of(_ names: [String]) -> TensorNames {
    if names.contains(where: { $0.hasPrefix(llama.layerPrefix) }) { return llama }
    if names.contains(where: { $0 == gpt2.embedding || $0 == "wte.weight" }) { return gpt2 }
    let prefixes = Set(names.compactMap(numberedPrefix))
    return TensorNames(
      layerPrefix: prefixes.count == 1 ? prefixes.first ?? "" : "", layerCountKey: "", embedding: "", head: "",
      optionalPrefix: "", constants: [], afterLayers: [], isKnown: false)
  }

  /// "encoder.layer." of "encoder.layer.3.output.weight".
  private static func numberedPrefix(_ name: String) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let number = parts.firstIndex(where: { Int($0) != nil }), number > 0 else { return nil }
    return parts[..<number].joined(separator: ".") + "."
  }

  /// The name as newer files write it; nil for a constant.
  func canonical(_ name: String) -> String? {
    if constants.contains(where: { name.hasSuffix($0) }) { return nil }
    if optionalPrefix.isEmpty || name.hasPrefix(optionalPrefix) || name == head { return name }
    return optionalPrefix + name
  }

  /// The number of the layer that a tensor belongs to, and the rest of its name; nil outside the layers.
  func layer(of name: String) -> (number: Int, rest: Substring)? {
    guard !layerPrefix.isEmpty, name.hasPrefix(layerPrefix) else { return nil }
    let rest = name.dropFirst(layerPrefix.count)
    guard let dot = rest.firstIndex(of: "."), let number = Int(rest[..<dot]) else { return nil }
    return (number, rest[dot...])
  }

  /// The name of a tensor in a layer.
  func name(layer: Int, _ rest: some StringProtocol) -> String { "\(layerPrefix)\(layer)\(rest)" }

  /// Whether a tensor outside the layers comes after them.
  func isAfterLayers(_ name: String) -> Bool { afterLayers.contains { name.hasPrefix($0) } }

  /// Whether the first axis of a tensor counts tokens.
  func isVocabulary(_ name: String) -> Bool { isKnown && (name == embedding || name == head) }
}
