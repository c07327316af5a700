public import Foundation
import GroveCore
public import GroveTensor

/// A mapped file of tensors, under the names of a Hugging Face checkpoint.
protocol TensorFile {
  var url: URL { get }
  /// In the order of the file.
  var entries: [SafetensorsFile.Entry] { get }
  subscript(name: String) -> SafetensorsFile.Entry? { get }
  func tensor(_ name: String) throws -> Tensor
  func release(_ name: String)
}

extension SafetensorsFile: TensorFile {}

/// The stored tensors of a checkpoint by name: those of a folder, whole or in shards, or of a GGUF file. Files are mapped:
/// a tensor is read when it is used.
public struct CheckpointWeights {
  /// The folder that the files lie in, or the GGUF file.
  public let folder: URL
  /// All tensors, sorted by the bytes of their names.
  public let names: [String]
  private let files: [String: any TensorFile]

  init(folder: URL, files: [any TensorFile]) throws {
    self.folder = folder
    var byName: [String: any TensorFile] = [:]
    for file in files {
      for entry in file.entries where byName.updateValue(file, forKey: entry.name) != nil {
        throw GroveError(.format, folder.path, "two of the files have a tensor \(entry.name)")
      }
    }
    self.files = byName
    names = byName.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Where a tensor lies, with its dtype and shape as stored; nil if there is none of that name. Of a GGUF file, dtype and
  /// shape are those that `tensor(_:)` gives.
  public subscript(name: String) -> SafetensorsFile.Entry? { files[name]?[name] }

  /// The file that holds a tensor.
  public func file(of name: String) -> URL? { files[name]?.url }

  /// The tensor over the mapped bytes, which must not be written to; a copy where a GGUF file holds it otherwise.
  /// - Throws: `GroveError` with code `.format` if there is no such tensor.
  public func tensor(_ name: String) throws -> Tensor {
    guard let file = files[name] else { throw GroveError(.format, folder.path, "the tensor \(name) is missing") }
    return try file.tensor(name)
  }

  /// Gives the memory that reading a tensor took back to the system; the tensor can be read again.
  public func release(_ name: String) { files[name]?.release(name) }
}

extension ModelFolder {
  /// The weights of a checkpoint of any architecture: `model.safetensors`, or the shards of its index; or those of a GGUF
  /// file, under the names that a folder would give them.
  /// - Throws: `GroveError` if there is no folder, no file of weights, or one that is damaged.
  public static func weights(_ folder: URL) throws -> CheckpointWeights {
    if GGUFFile.isGGUF(folder) { return try GGUFModel(folder).weights() }
    guard FileSystem.isFolder(folder) else {
      throw GroveError(.file, folder.path, "is not a folder", remedy: "A model is a folder with config.json.")
    }
    return try CheckpointWeights(folder: folder, files: weightURLs(folder).map { try SafetensorsFile($0) })
  }

  /// Writes the weights of a checkpoint into a folder: one file, or shards with an index where they are larger.
  ///
  /// - Parameter shardBytes: no file holds more than this, unless a single tensor does.
  /// - Throws: `GroveError` with code `.file`. A file that is not finished does not appear.
  public static func write(_ items: [SafetensorsWriter.Item], to folder: URL, shardBytes: Int) throws {
    let shards = SafetensorsWriter.shards(items, bytes: shardBytes)
    guard shards.count > 1 else {
      return try SafetensorsWriter.write(items, to: folder.appending(path: "model.safetensors"))
    }
    var map: [(key: String, value: JSONValue)] = []
    for (index, shard) in shards.enumerated() {
      let name = "model-\(padded(index + 1))-of-\(padded(shards.count)).safetensors"
      map += shard.map { ($0.name, .string(name)) }
      try SafetensorsWriter.write(shard, to: folder.appending(path: name))
    }
    let total = items.reduce(0) { $0 + $1.byteCount }
    try FileSystem.write(
      JSONValue.object([("metadata", ["total_size": .integer(total)]), ("weight_map", .object(map))]).prettyText + "\n",
      to: folder.appending(path: "model.safetensors.index.json"))
  }

  private static func padded(_ number: Int) -> String { String(String(100_000 + number).suffix(5)) }
}
