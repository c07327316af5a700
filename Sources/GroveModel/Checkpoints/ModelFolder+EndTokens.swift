public import Foundation
import GroveCore

extension ModelFolder {
  /// The ids that end what a model writes: `eos_token_id` of its `generation_config.json`, or of its `config.json` where
  /// that has none; or the end of text and the end of a turn of a GGUF file.
  /// - Throws: `GroveError` with code `.format` for a value that is neither an id nor a list of them.
  public static func endTokens(_ model: URL) throws -> Set<Int> {
    if GGUFFile.isGGUF(model) {
      let file = try GGUFFile(model)
      return Set(["eos", "eot", "eom"].compactMap { file["tokenizer.ggml.\($0)_token_id"]?.integerValue })
    }
    for name in ["generation_config.json", "config.json"] {
      let file = model.appending(path: name)
      guard FileSystem.exists(file) else { continue }
      guard let value = try JSONValue(contentsOf: file)["eos_token_id"], value != .null else { continue }
      let ids = (value.arrayValue ?? [value]).map(\.integerValue)
      guard ids.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
        throw GroveError(.format, file.path, "eos_token_id is neither an id nor a list of them")
      }
      return Set(ids.compactMap { $0 })
    }
    return []
  }
}
