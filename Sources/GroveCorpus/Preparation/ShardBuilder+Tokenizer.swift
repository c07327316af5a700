import Foundation
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
  /// Builds the shards with a tokenizer, whose files are put beside them.
  public func build(
    _ files: CorpusFiles, _ options: ReadingOptions, tokenizer: Tokenizer,
    onEvent: @escaping (ShardBuildEvent) -> Void
  ) throws -> ShardManifest {
    let manifest = try build(files, options) {
      // Special tokens' text in a document has no meaning: a document cannot end itself.
      var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
      return { bytes, ids in encoder.encode(bytes, appendingTo: &ids) }
    } onEvent: {
      onEvent($0)
    }
    try tokenizer.write(toFolder: folder)
    return manifest
  }
}
