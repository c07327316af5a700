import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTokenizer

/// A model that is merged: its folder, config and tensors by their canonical names.
struct SourceModel {
  /// As the config writes it: in errors, and for the draws of random methods.
  let name: String
  let folder: URL
  let config: JSONValue
  let weights: CheckpointWeights
  /// The stored name of each tensor, by its canonical name.
  let storedNames: [String: String]
  /// How the family names its tensors.
  let names: TensorNames
  /// Layers that the tensors have.
  let layers: Int
  /// Nil where the folder has no tokenizer.json.
  let vocabulary: TokenVocabulary?

  /// - Throws: `GroveError` if this is not a local checkpoint.
  init(_ name: String) throws {
    self.name = name
    folder = URL(filePath: name)
    guard FileSystem.isFolder(folder) else {
      throw GroveError(
        .file, name, "is not a folder",
        remedy: "Models are local folders with config.json; download one that is on a hub first.")
    }
    let file = folder.appending(path: "config.json")
    config = try JSONValue(contentsOf: file)
    guard config.objectValue != nil else { throw GroveError(.format, file.path, "is not an object") }
    weights = try ModelFolder.weights(folder)
    let names = TensorNames.of(weights.names)
    self.names = names
    var storedNames: [String: String] = [:]
    for stored in weights.names {
      if let canonical = names.canonical(stored) { storedNames[canonical] = stored }
    }
    self.storedNames = storedNames
    layers = storedNames.keys.compactMap { names.layer(of: $0)?.number }.max().map { $0 + 1 } ?? 0
    if let said = config[names.layerCountKey]?.integerValue, said != layers {
      throw GroveError(
        .mismatch, folder.path, "config.json says \(names.layerCountKey) \(said), the weights have \(layers) layers")
    }
    vocabulary = try TokenVocabulary.inFolder(folder)
  }

  /// Where a tensor lies; the embedding stands for an output matrix that is tied to it.
  func entry(_ tensor: String) -> SafetensorsFile.Entry? { storedName(tensor).flatMap { weights[$0] } }

  /// The tensor over the mapped file.
  func tensor(_ tensor: String) throws -> Tensor { try weights.tensor(storedName(tensor) ?? tensor) }

  /// Gives the memory that reading a tensor took back to the system.
  func release(_ tensor: String) { storedName(tensor).map { weights.release($0) } }

  private func storedName(_ tensor: String) -> String? {
    if let stored = storedNames[tensor] { return stored }
    guard !names.head.isEmpty, tensor == names.head, isTied else { return nil }
    return storedNames[names.embedding]
  }

  /// Whether the embedding serves as the output matrix.
  var isTied: Bool {
    config["tie_word_embeddings"]?.boolValue ?? (config["model_type"] == "gpt2")
  }

  /// The number of tokens that config.json gives the model.
  func vocabularySize() throws -> Int {
    if let size = config["vocab_size"]?.integerValue, size > 0 { return size }
    throw GroveError(.format, folder.appending(path: "config.json").path, "vocab_size is missing")
  }
}
