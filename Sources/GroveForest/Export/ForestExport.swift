public import Foundation
import GroveCore
import GroveCorpus
public import GroveMerge
import GroveModel
import GroveTensor

/// Makes one sparse mixture of experts of a forest: a checkpoint of Mixtral's format, which `transformers` loads.
///
/// The feed-forward layers of the experts stay apart, and a router chooses among them at each token and layer; attention,
/// norms and embeddings are averaged. It is where Branch-Train-MiX goes on training (Sukhbaatar et al. 2024,
/// arXiv:2403.07816, §3.2).
public struct ForestExport {
  /// What the router begins as.
  public enum Router: Sendable, Equatable {
    /// Zeros: all experts are equal, and of equal ones the first are taken.
    case uniform
    /// Draws from N(0, 0.02²).
    case random(seed: Int)
    /// `RouterVectors` of the texts that the experts were trained on, so many tokens of each, whole documents.
    case hidden(tokensPerExpert: Int)
  }

  private let folder: ForestFolder
  private let manifest: ForestManifest
  private let config: MixtureOfExpertsConfig
  private let router: Router

  /// - Parameters:
  ///   - expertsPerToken: experts that a token goes through.
  ///   - dtype: of the tensors that are written.
  /// - Throws: `GroveError` if the forest has fewer than two experts, or the numbers make no sense.
  public init(_ folder: ForestFolder, expertsPerToken: Int, router: Router, dtype: MergeDType) throws {
    self.folder = folder
    self.router = router
    manifest = try ForestManifest(folder)
    guard manifest.experts.count > 1 else {
      throw GroveError(
        .argument, folder.url.path, "has \(manifest.experts.count) experts, and a mixture needs two",
        remedy: "'grove forest grow' grows them.")
    }
    guard (1...manifest.experts.count).contains(expertsPerToken) else {
      throw GroveError(
        .argument, "experts per token", "\(expertsPerToken) is outside 1...\(manifest.experts.count)")
    }
    if case .hidden(let tokens) = router, tokens < 1 {
      throw GroveError(.argument, "router tokens", "\(tokens) is not positive")
    }
    var config = MixtureOfExpertsConfig()
    config.experts = manifest.experts.map { member in
      var expert = MixtureOfExpertsConfig.Expert()
      expert.model = member.checkpoint(in: folder).path
      return expert
    }
    config.expertsPerToken = expertsPerToken
    config.dtype = dtype
    self.config = config
  }

  /// The experts, in the order of the router's rows.
  public var experts: [String] { manifest.experts.map(\.name) }

  /// Writes the checkpoint.
  /// - Parameters:
  ///   - target: must not be there, or be empty.
  ///   - onTensor: called after each tensor with how many are done, and of how many.
  /// - Returns: numbers of the mixture.
  /// - Throws: `GroveError` if the experts have other than LLaMA's layers or do not fit together. Then nothing appears.
  @discardableResult
  public func write(
    to target: URL, onTensor: @escaping (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> Int {
    // What does not fit is told before the texts are read.
    _ = try MixtureOfExpertsExport(config, router: .uniform)
    let export = try MixtureOfExpertsExport(config, router: made(near: target))
    try export.write(to: target, onTensor: onTensor)
    return export.parameterCount
  }

  private func made(near target: URL) throws -> MixtureOfExpertsExport.Router {
    switch router {
    case .uniform: return .uniform
    case .random(let seed): return .random(deviation: 0.02, RandomKey(seed: UInt64(seed)).split("router"))
    case .hidden(let tokens):
      let average = target.deletingLastPathComponent().appending(path: ".\(target.lastPathComponent).average")
      try FileSystem.remove(average)
      defer { try? FileSystem.remove(average) }
      try folder.average(manifest.parents(nil, in: folder), of: manifest, to: average)
      let model = try ModelFolder.load(average)
      try model.prepare(.float32, training: false, device: .cpu)
      let texts = try manifest.experts.map { try documents(of: $0, tokens: tokens) }
      let endOfText = try ExpertPool(manifest.pooled(in: folder)).tokenizer
      return .vectors(
        try RouterVectors(model, texts: texts, endOfText: TokenizerIdentity(endOfText).endOfText).tensors())
    }
  }

  /// The first documents that an expert was trained on.
  private func documents(of expert: ForestManifest.Member, tokens limit: Int) throws -> [TokenizedDocument] {
    let data = try TokenDataset(
      folder: URL(filePath: expert.data), split: .train,
      domains: expert.domains.isEmpty ? .all : .only(expert.domains), contextLength: 1)
    var found: [TokenizedDocument] = []
    var tokens = 0
    for domain in data.domains.indices {
      for index in 0..<data.domains[domain].documents where tokens < limit {
        found.append(try data.document(index, domain: domain))
        tokens += found[found.count - 1].tokens.count
      }
    }
    return found
  }
}
