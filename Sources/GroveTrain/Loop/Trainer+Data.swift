import Foundation
import GroveCore
import GroveCorpus
import GroveTokenizer

extension Trainer {
  /// The held-out documents that judge a run: of each domain the first ones, up to the config's number of tokens.
  /// - Throws: `GroveError` if a domain that the config names for it has none.
  static func validationDocuments(_ folder: URL, _ config: RunConfig) throws -> [[TokenizedDocument]] {
    let domains = try judgedDomains(folder, config)
    guard !domains.isEmpty else { return [] }
    let dataset = try TokenDataset(
      folder: folder, split: .validation, domains: .only(domains), contextLength: config.model.contextLength)
    let limit = config.validation.tokensPerDomain
    return try dataset.domains.indices.map { domain in
      var documents: [TokenizedDocument] = []
      var tokens = 0
      for index in 0..<dataset.domains[domain].documents where limit == 0 || tokens < limit {
        let document = try dataset.document(index, domain: domain)
        if document.byteCount == 0 { continue }  // its end-of-text has no bytes to share its bits among
        documents.append(document)
        tokens += document.tokens.count
      }
      return documents
    }.filter { !$0.isEmpty }
  }

  private static func judgedDomains(_ folder: URL, _ config: RunConfig) throws -> [String] {
    if !config.validation.domains.isEmpty { return config.validation.domains }
    // A small domain may have no document on this side; that is no reason not to train on it.
    let heldOut = try ShardManifest(folder: folder).shards.filter { $0.split == .validation }.map(\.domain)
    return config.data.domains.isEmpty ? heldOut : heldOut.filter(config.data.domains.contains)
  }

  /// The tokenizer's files beside the shards, which go into every checkpoint.
  /// - Throws: `GroveError` if the tokenizer is missing, or is not the one that the shards were made with.
  static func tokenizerFiles(_ folder: URL) throws -> [URL] {
    _ = try ShardManifest(folder: folder).tokenizer(beside: folder)
    let tokenizer = folder.appending(path: Tokenizer.fileName)
    let config = folder.appending(path: "tokenizer_config.json")
    return FileSystem.exists(config) ? [tokenizer, config] : [tokenizer]
  }
}
