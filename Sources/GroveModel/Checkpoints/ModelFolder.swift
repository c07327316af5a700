public import Foundation
import GroveCore
import GroveTensor

/// A model in a folder as Hugging Face lays it out: `config.json`, and `model.safetensors` whole or in shards. What reads a
/// folder reads a GGUF file too.
public enum ModelFolder {
  /// Reads the config and the weights. Weights stay in the mapped files until they are prepared.
  /// - Throws: `GroveError`: a missing tensor, one that nothing used, or a wrong shape, by name.
  public static func load(_ folder: URL) throws -> any LanguageModel {
    let config = try loadConfig(folder)
    let model = try makeModel(config, weights: .blank)
    try load(weights: folder, into: model)
    return model
  }

  /// Reads `config.json` only, or the metadata of a GGUF file.
  public static func loadConfig(_ folder: URL) throws -> ModelConfig {
    if GGUFFile.isGGUF(folder) { return try GGUFModel(folder).config }
    let file = folder.appending(path: "config.json")
    guard FileSystem.isFolder(folder) else {
      throw GroveError(.file, folder.path, "is not a folder", remedy: "A model is a folder with config.json.")
    }
    return try HuggingFaceConfig.read(JSONValue(contentsOf: file), at: file.path)
  }

  /// Puts the weights of a folder into a model of the same shape.
  public static func load(weights folder: URL, into model: some LanguageModel) throws {
    let weights = try weights(folder)
    let names = model.config.family.form.names(model.config)
    var unused = Set(weights.names.filter { name in !names.ignored.contains { name.hasSuffix(".\($0)") } })
    let isBare = names.isBare(weights)
    var parts: [ObjectIdentifier: [(StoredTensor, Tensor)]] = [:]
    for stored in try model.storedTensors() {
      let name = isBare ? stored.name.removing(prefix: names.base) : stored.name
      let tensor = try weights.tensor(name)
      let place = weights.file(of: name)?.path ?? folder.path
      unused.remove(name)
      guard tensor.shape == stored.shape else {
        throw GroveError(
          .format, place, "the tensor \(name) has the shape \(tensor.shape), expected \(stored.shape)")
      }
      guard tensor.dtype.isFloatingPoint else {
        throw GroveError(.format, place, "the tensor \(name) is \(tensor.dtype), not a float")
      }
      parts[ObjectIdentifier(stored.parameter), default: []].append((stored, tensor))
    }
    let head = "\(names.head).weight"
    let isTiedTwice = model.config.tiedEmbeddings && unused.remove(head) != nil
    if let name = unused.min() {
      throw GroveError(
        .format, folder.path, "the tensor \(name) has no place in the model", remedy: "\(unused.count) are left over.")
    }
    for group in parts.values { try assemble(group) }
    if isTiedTwice { try requireTied(head, weights, model) }
  }

  /// Some writers store a tied output matrix a second time; it must be the embedding.
  private static func requireTied(_ name: String, _ weights: CheckpointWeights, _ model: some LanguageModel) throws {
    let (head, embedding) = (try weights.tensor(name), model.outputWeight.value)
    guard try head.shape == embedding.shape && head.equals(embedding).allTrue() else {
      throw GroveError(
        .format, weights.file(of: name)?.path ?? weights.folder.path,
        "\(name) is not the embedding, but config.json ties the two",
        remedy: "Set tie_word_embeddings to false, or remove the tensor.")
    }
  }

  /// Puts the tensors of one parameter together; a single one in the parameter's own layout is taken without a copy.
  private static func assemble(_ group: [(StoredTensor, Tensor)]) throws {
    let parameter = group[0].0.parameter
    var pieces: [(start: Int, tensor: Tensor)] = []
    for (stored, tensor) in group {
      let rows = try stored.isTransposed ? tensor.transposed(0, 1).contiguous() : tensor
      var row = 0
      for range in stored.rows {
        pieces.append((range.lowerBound, try rows.narrowed(0, from: row, count: range.count)))
        row += range.count
      }
    }
    pieces.sort { $0.start < $1.start }
    parameter.set(try pieces.count == 1 ? pieces[0].tensor : .concatenated(pieces.map(\.tensor), axis: 0))
  }

  /// The files that hold the weights: `model.safetensors`, or the shards of `model.safetensors.index.json` by name.
  /// - Throws: `GroveError` if there are none, or the index names something else than files of the folder.
  public static func weightURLs(_ folder: URL) throws -> [URL] {
    let single = folder.appending(path: "model.safetensors")
    if FileSystem.exists(single) { return [single] }
    let index = folder.appending(path: "model.safetensors.index.json")
    guard FileSystem.exists(index) else {
      throw GroveError(
        .file, folder.path, "has neither model.safetensors nor model.safetensors.index.json",
        remedy: "Give a folder that holds a whole checkpoint.")
    }
    let map = try JSONValue(contentsOf: index)["weight_map"]?.objectValue ?? []
    let names = Set(map.compactMap(\.value.stringValue))
    guard !names.isEmpty else { throw GroveError(.format, index.path, "weight_map names no file") }
    for name in names where name.contains("/") || name.hasPrefix(".") {
      throw GroveError(.format, index.path, "weight_map names \"\(name)\", which is not a file of this folder")
    }
    return names.sorted().map { folder.appending(path: $0) }
  }

  /// The tensors of `model.safetensors`, float32, for `SafetensorsWriter`.
  public static func items(of model: some LanguageModel) throws -> [SafetensorsWriter.Item] {
    try model.storedTensors().map { stored in
      SafetensorsWriter.Item(stored.name, .float32, stored.shape) { try stored.stored() }
    }
  }

  /// Writes `config.json` and `model.safetensors` into an existing folder.
  public static func save(_ model: some LanguageModel, endOfText: Int, to folder: URL) throws {
    try FileSystem.write(
      HuggingFaceConfig.write(model.config, endOfText: endOfText).prettyText + "\n",
      to: folder.appending(path: "config.json"))
    try SafetensorsWriter.write(try items(of: model), to: folder.appending(path: "model.safetensors"))
  }
}

extension CheckpointNames {
  /// Whether a checkpoint is of the model without its head, whose names lack what stands before the others.
  fileprivate func isBare(_ weights: CheckpointWeights) -> Bool {
    weights["\(base)\(embedding).weight"] == nil && weights["\(embedding).weight"] != nil
  }
}

extension String {
  fileprivate func removing(prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}
