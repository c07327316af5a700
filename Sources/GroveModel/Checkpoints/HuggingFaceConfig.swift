public import GroveCore

/// The `config.json` of a Hugging Face checkpoint, to and from a `ModelConfig`.
///
/// What Grove would have to ignore to load a model is refused, by its key.
public enum HuggingFaceConfig {
  /// Reads the object of a `config.json`.
  /// - Throws: `GroveError` with code `.format`.
  public static func read(_ json: JSONValue, at place: String) throws -> ModelConfig {
    let reader = HuggingFaceReader(json: json, place: place)
    guard let type = json["model_type"]?.stringValue else { throw reader.error("model_type", "is missing") }
    guard let family = ModelConfig.Family(rawValue: type) else {
      let known = ModelConfig.Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw reader.error("model_type", "\"\(type)\" is not one of \(known)")
    }
    for key in ["num_hidden_layers", "n_layer", "num_layers"] {
      guard let layers = json[key]?.integerValue, layers > mostLayers else { continue }
      throw reader.error(key, "\(layers) is more than \(mostLayers)")  // families make lists with an element for each
    }
    let config = try family.form.read(reader)
    try checkNumbers(json, "", at: place)
    if let issue = config.issues().first {
      throw GroveError(.format, place, "describes a model that cannot be: \(issue)")
    }
    return config
  }

  /// More layers than any model has.
  static let mostLayers = 1 << 14
  /// Far beyond every size and factor of a model, and small enough that products of two are no overflow.
  private static let largestNumber = 1e12

  /// Refuses numbers that arithmetic with sizes cannot bear.
  private static func checkNumbers(_ value: JSONValue, _ field: String, at place: String) throws {
    switch value {
    case .integer, .number:
      guard let number = value.numberValue, abs(number) > largestNumber else { return }
      throw GroveError(.format, place, "\(field) is \(value.text), beyond every number of a model")
    case .array(let elements):
      for (index, element) in elements.enumerated() { try checkNumbers(element, "\(field)[\(index)]", at: place) }
    case .object(let members):
      for (key, member) in members {
        let name = String(key.prefix(80))
        try checkNumbers(member, field.isEmpty ? name : "\(field).\(name)", at: place)
      }
    case .null, .bool, .string: return
    }
  }

  /// The object that `transformers` reads.
  /// - Parameter endOfText: the id that ends a document.
  public static func write(_ config: ModelConfig, endOfText: Int) -> JSONValue {
    .object(
      [
        ("architectures", [.string(config.family.form.className)]), ("model_type", .string(config.family.rawValue)),
      ] + config.family.form.fields(config) + sharedFields(config) + [
        ("bos_token_id", .integer(endOfText)), ("eos_token_id", .integer(endOfText)), ("torch_dtype", "float32"),
        ("use_cache", true),
      ])
  }

  /// What all families have.
  static func sharedFields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    [
      ("vocab_size", .integer(config.vocabularySize)), ("tie_word_embeddings", .bool(config.tiedEmbeddings)),
      ("initializer_range", .number(config.initialDeviation)),
    ]
  }
}
