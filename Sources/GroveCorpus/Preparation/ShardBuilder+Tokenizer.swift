public import Foundation
import GroveCore
public import GroveTokenizer

extension TokenizerIdentity {
  /// What shards keep of a tokenizer.
  /// - Throws: `GroveError` if the tokenizer has no end-of-text token.
  public init(_ tokenizer: Tokenizer) throws {
    guard let endOfText = tokenizer.roles[.ending] ?? tokenizer.id(ofAddedToken: CorpusTokenizer.endOfText) else {
      throw GroveError(
        .argument, "tokenizer", "has no end-of-text token",
        remedy: "Name one as eos_token in tokenizer_config.json.")
    }
    self.init(
      fingerprint: tokenizer.fingerprint, vocabularySize: tokenizer.vocabularySize, endOfText: Int(endOfText))
  }
}

extension ShardBuilder {
  /// Builds the shards with a tokenizer, whose files are put beside them before the folder gets its name.
  public func build(
    _ files: CorpusFiles, _ options: ReadingOptions, tokenizer: Tokenizer,
    onEvent: @escaping (ShardBuildEvent) -> Void
  ) throws -> ShardManifest {
    try build(files, options) {
      // Special tokens' text in a document has no meaning: a document cannot end itself.
      var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
      return { bytes, ids in encoder.encode(bytes, appendingTo: &ids) }
    } addFiles: {
      try tokenizer.write(toFolder: $0)
    } onEvent: {
      onEvent($0)
    }
  }
}

extension ShardManifest {
  /// The tokenizer beside the shards of a folder.
  /// - Throws: `GroveError` if it is missing, cannot be read, or is another one than the manifest names.
  public func tokenizer(beside folder: URL) throws -> Tokenizer {
    let file = folder.appending(path: Tokenizer.fileName)
    guard FileSystem.exists(file) else {
      throw GroveError(
        .file, file.path, "is missing beside the shards", remedy: "Build them again with 'grove shard build'.")
    }
    let found = try Tokenizer(contentsOf: file)
    let (fingerprint, expected) = (found.fingerprint, tokenizer.fingerprint)
    guard fingerprint == expected else {
      throw GroveError(
        .mismatch, file.path,
        "is not the tokenizer that the shards were made with: \(fingerprint.prefix(12))… instead of "
          + "\(expected.prefix(12))…",
        remedy: "Put that one back, or build the shards again with 'grove shard build'.")
    }
    return found
  }
}
