public import Foundation
import GroveCore
import GroveTensor

/// A model in a GGUF file: its config, and its tensors as a Hugging Face folder would hold them.
public struct GGUFModel {
  public let file: GGUFFile
  public let config: ModelConfig
  private let architecture: GGUFArchitecture

  /// Reads the metadata; tensors stay in the file.
  /// - Throws: `GroveError` with code `.file`, or `.format` that names the key or tensor.
  public init(_ url: URL) throws {
    file = try GGUFFile(url)
    guard (file["split.count"]?.integerValue ?? 1) <= 1 else {
      throw GroveError(
        .format, url.path, "is one part of a model in several files",
        remedy: "Join them with llama-gguf-split --merge.")
    }
    let description = try GGUFDescription(file)
    (architecture, config) = (description.architecture, try description.config())
    // Before memory is taken for a model that is not there.
    let elements = file.entries.reduce(0) { $0 + $1.shape.reduce(1, *) }
    guard config.parameterCount <= elements else {
      throw GroveError(
        .format, url.path, "describes a model of \(config.parameterCount) parameters, its tensors have \(elements)",
        remedy: "The file is damaged.")
    }
  }

  /// The tensors, under the names and in the layout of a Hugging Face checkpoint.
  func weights() throws -> CheckpointWeights {
    try CheckpointWeights(folder: file.url, files: [GGUFWeights(file, GGUFTensorMap(config, architecture))])
  }
}

/// The tensors of a GGUF file as a Hugging Face checkpoint names and lays them.
private struct GGUFWeights: TensorFile {
  let entries: [SafetensorsFile.Entry]
  private let file: GGUFFile
  private let pairs: [String: GGUFTensorMap.Pair]
  private let byName: [String: Int]

  /// A tensor that the map does not know keeps its name, for the loader to find no place for it.
  init(_ file: GGUFFile, _ map: GGUFTensorMap) {
    self.file = file
    let byGGUF = Dictionary(map.pairs.map { ($0.gguf, $0) }) { first, _ in first }
    var pairs: [String: GGUFTensorMap.Pair] = [:]
    var entries: [SafetensorsFile.Entry] = []
    // Frequencies are a part of the config, which has read them.
    for entry in file.entries where entry.name != "rope_freqs.weight" {
      let pair = byGGUF[entry.name] ?? .init(checkpoint: entry.name, gguf: entry.name, layout: .same)
      pairs[pair.checkpoint] = pair
      let dtype = pair.layout == .wholeGain ? .float32 : entry.type.dtype ?? .float32
      entries.append(
        .init(name: pair.checkpoint, dtype: dtype, shape: pair.layout.shape(entry.shape), bytes: entry.bytes))
    }
    (self.entries, self.pairs) = (entries, pairs)
    byName = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  var url: URL { file.url }

  subscript(name: String) -> SafetensorsFile.Entry? { byName[name].map { entries[$0] } }

  func tensor(_ name: String) throws -> Tensor {
    guard let pair = pairs[name] else { throw GroveError(.format, url.path, "the tensor \(name) is missing") }
    return try pair.layout.read(file.tensor(pair.gguf)).contiguous()
  }

  func release(_ name: String) {
    if let pair = pairs[name] { file.release(pair.gguf) }
  }
}
