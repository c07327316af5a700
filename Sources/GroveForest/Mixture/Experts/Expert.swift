public import Foundation
import GroveCore
import GroveModel
import GroveTokenizer

/// A named model of a forest, in a folder as Hugging Face lays it out, with its `tokenizer.json`.
public struct Expert: Equatable, Sendable {
  /// What rules and reports call it; unique in a pool.
  public let name: String
  /// Holds `config.json`, `model.safetensors` and `tokenizer.json`.
  public let folder: URL

  /// Names a folder; nothing is read yet.
  public init(_ name: String, folder: URL) {
    self.name = name
    self.folder = folder
  }

  /// - Throws: `GroveError` with code `.file` that names the expert if its folder is gone.
  func requireFolder() throws {
    guard FileSystem.isFolder(folder) else {
      throw GroveError(
        .file, folder.path, "the expert '\(name)' is missing",
        remedy: "Put its folder back, or remove the expert from the forest.")
    }
  }
}

/// What experts must have in common to be mixed: one vocabulary, made by one tokenizer.
struct ExpertVocabulary: Equatable {
  let size: Int
  /// `Tokenizer.fingerprint`.
  let fingerprint: String

  /// The vocabulary of all experts. Files with the same bytes are parsed once.
  /// - Throws: `GroveError` with code `.mismatch` that names every expert that differs from the first one, and how.
  static func shared(by experts: [Expert], _ configs: [ModelConfig]) throws -> (ExpertVocabulary, Tokenizer) {
    var parsed: [String: String] = [:]
    var first: Tokenizer?
    let found = try zip(experts, configs).map { expert, config in
      let file = expert.folder.appending(path: Tokenizer.fileName)
      guard FileSystem.exists(file) else {
        throw GroveError(
          .file, file.path, "the tokenizer of the expert '\(expert.name)' is missing",
          remedy: "Copy the tokenizer that the experts were trained with into the folder.")
      }
      let bytes = try ContentHash.ofFile(file)
      if parsed[bytes] == nil {
        let tokenizer = try Tokenizer(contentsOf: file)
        first = first ?? tokenizer
        parsed[bytes] = tokenizer.fingerprint
      }
      return ExpertVocabulary(size: config.vocabularySize, fingerprint: parsed[bytes] ?? "")
    }
    let differences = zip(experts, found).dropFirst().compactMap { expert, other in
      other.difference(from: found[0]).map { "'\(expert.name)' has \($0)" }
    }
    guard differences.isEmpty, let first else {
      throw GroveError(
        .mismatch, "experts", "\(differences.joined(separator: "; ")), unlike '\(experts[0].name)'",
        remedy: "Probabilities of different tokens cannot be mixed: train the experts with one tokenizer.")
    }
    return (found[0], first)
  }

  private func difference(from other: ExpertVocabulary) -> String? {
    var words: [String] = []
    if size != other.size { words.append("\(size) instead of \(other.size) tokens") }
    if fingerprint != other.fingerprint {
      words.append("the tokenizer \(fingerprint.prefix(12))… instead of \(other.fingerprint.prefix(12))…")
    }
    return words.isEmpty ? nil : words.joined(separator: " and ")
  }
}
