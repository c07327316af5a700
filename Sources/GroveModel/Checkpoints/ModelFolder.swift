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
    // Before memory is taken for as many layers as a config claims.
    let stored = try weights(folder).names.count
    guard config.layers <= stored else {
      throw GroveError(
        .format, folder.path, "the config has \(config.layers) layers, the files hold \(stored) tensors",
        remedy: "Give the config.json that belongs to these weights.")
    }
    let model = try makeModel(config, weights: .blank)
    try load(weights: folder, into: model)
    return model
  }

  /// Reads `config.json` only, or the metadata of a GGUF file.
  public static func loadConfig(_ folder: URL) throws -> ModelConfig {
    if GGUFFile.isGGUF(folder) { return try GGUFModel(folder).config }
    let reader = try reader(folder)
    return try HuggingFaceConfig.read(reader.json, at: reader.place)
  }

  /// Puts the weights of a folder into a model of the same shape.
  public static func load(weights folder: URL, into model: some LanguageModel) throws {
    try load(weights: folder, into: model, model.traits)
  }

  static func load(weights folder: URL, into model: some Module, _ traits: CheckpointTraits) throws {
    let weights = try weights(folder)
    let located = try LocatedTensors(of: model, in: weights, traits)
    // One parameter after the other, so that what has to be copied is not there twice.
    for group in Dictionary(grouping: located.tensors, by: { ObjectIdentifier($0.stored.parameter) }).values {
      try assemble(group.map { ($0.stored, try weights.tensor($0.name)) })
    }
    try located.requireTwins(in: weights)
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
    let names = Set(
      try map.map { tensor, file in
        guard let name = file.stringValue else {
          throw GroveError(.format, index.path, "weight_map has no name of a file for \(tensor.prefix(80))")
        }
        return name
      })
    guard !names.isEmpty else { throw GroveError(.format, index.path, "weight_map names no file") }
    let leadsAway: Set<Character> = ["/", "\\", "\0"]
    for name in names.sorted() where name.isEmpty || name.hasPrefix(".") || !leadsAway.isDisjoint(with: name) {
      let quoted = JSONValue.string(name).text.prefix(200)
      throw GroveError(.format, index.path, "weight_map names \(quoted), which is not a file of this folder")
    }
    return names.sorted().map { folder.appending(path: $0) }
  }

  /// The tensors of `model.safetensors`, float32, for `SafetensorsWriter`.
  public static func items(of model: some Module) throws -> [SafetensorsWriter.Item] {
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
