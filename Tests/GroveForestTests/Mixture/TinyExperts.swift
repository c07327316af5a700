import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveForest
import GroveModel
import GroveTensor
import GroveTokenizer

/// Experts of a few thousand parameters in folders, one vocabulary of bytes, and documents for them.
struct TinyExperts {
  let folder: URL
  let tokenizer: Tokenizer
  let endOfText: Int
  let experts: [Expert]

  /// Experts of unlike shapes and families, with random weights.
  init(in folder: URL, seeds: [UInt64] = [1, 2, 3]) throws {
    let tokenizer = try TinyExperts.tokenizer()
    try self.init(in: folder, tokenizer, names: seeds.map { "expert\($0)" }) { index in
      try TinyExperts.random(seed: seeds[index], shape: Int(seeds[index]), vocabulary: tokenizer.vocabularySize)
    }
  }

  /// Experts as given.
  init(
    in folder: URL, _ tokenizer: Tokenizer, names: [String], _ model: (Int) throws -> any LanguageModel
  ) throws {
    self.folder = folder
    self.tokenizer = tokenizer
    endOfText = try TokenizerIdentity(tokenizer).endOfText
    experts = names.map { Expert($0, folder: folder.appending(path: $0)) }
    for (index, expert) in experts.enumerated() {
      try FileSystem.makeFolder(expert.folder)
      try ModelFolder.save(model(index), endOfText: endOfText, to: expert.folder)
      try tokenizer.write(toFolder: expert.folder)
    }
  }

  /// Bytes, a few merges and the end of text.
  static func tokenizer(_ text: String = "abababab", size: Int = 258) throws -> Tokenizer {
    var trainer = try BytePairTrainer(
      .init(
        vocabularySize: size, minimumFrequency: 1, specialTokens: [CorpusTokenizer.endOfText], preTokenizer: .gpt2,
        malformed: .replacing, wordMemoryBytes: 1 << 20))
    trainer.count(Array(text.utf8))
    return trainer.train()
  }

  /// Widths, layers and families differ from shape to shape.
  static func random(seed: UInt64, shape: Int, vocabulary: Int) throws -> any LanguageModel {
    var config = ModelConfig()
    config.family = shape % 3 == 2 ? .gpt2 : .llama
    config.vocabularySize = vocabulary
    config.contextLength = 24
    config.width = 16 * (1 + shape % 2)
    config.layers = 1 + shape % 2
    config.attention.heads = 2
    config.attention.keyValueHeads = 2
    config.feedForwardWidth = 24
    config.initialDeviation = 0.3
    config.residualInitialization = .plain
    return try makeModel(config, weights: .random(RandomKey(seed: seed)))
  }

  /// A model that gives each byte of a text a fixed probability, whatever came before; other ids share what is left.
  static func unigram(_ probabilities: [Character: Double], _ tokenizer: Tokenizer) throws -> any LanguageModel {
    var config = ModelConfig()
    config.vocabularySize = tokenizer.vocabularySize
    config.contextLength = 24
    (config.width, config.layers, config.feedForwardWidth) = (8, 1, 8)
    (config.attention.heads, config.attention.keyValueHeads) = (1, 1)
    config.tiedEmbeddings = false
    let model = try makeModel(config, weights: .random(RandomKey(seed: 0)))
    // The residual stream is (1, 0, …, 0), which the norm scales.
    let first: [Float] = [1] + [Float](repeating: 0, count: 7)
    let scale = Float((1.0 / 8 + config.normEpsilon).squareRoot())
    let rest = (1 - probabilities.values.reduce(0, +)) / Double(config.vocabularySize - probabilities.count)
    var shares = [Double](repeating: rest, count: config.vocabularySize)
    for (letter, share) in probabilities { shares[try tokenizer.byte(letter)] = share }
    for (name, parameter) in try model.parameters() {
      switch name {
      case "model.embed_tokens.weight":
        parameter.set(try Tensor((0..<config.vocabularySize).flatMap { _ in first }, parameter.shape))
      case "lm_head.weight":
        parameter.set(
          try Tensor(shares.flatMap { share in first.map { $0 * scale * Float(log(share)) } }, parameter.shape))
      case "model.norm.weight": break
      default: parameter.set(try .zeros(parameter.shape, .float32))
      }
    }
    return model
  }

  func pool(_ limit: ExpertLimit = .none) throws -> ExpertPool { try ExpertPool(experts, limit: limit) }

  /// Windows of 16 tokens, so that documents have several.
  func windows(_ length: Int = 16, stride: Int? = nil) throws -> PerplexityEvaluator {
    try PerplexityEvaluator(contextLength: length, stride: stride ?? length, batchTokens: 64, endOfText: endOfText)
  }

  /// Random bytes, each with the end of text.
  func documents(_ lengths: [Int] = [12, 40, 1, 25], domains: [String] = ["a", "b"]) -> [TokenizedDocument] {
    lengths.enumerated().map { index, length in
      let draws = RandomKey(seed: 11).split(index)
      let tokens = (0..<length).map { Int64(draws.bits($0) % 256) } + [Int64(endOfText)]
      return .made("d\(index)", tokens, domain: domains[index % domains.count])
    }
  }

  /// Distances that change from token to token: to points of [0, 1], of the mean of the bytes so far.
  func distances(clusters: [Int] = [0, 1, 2]) throws -> ExpertDistances {
    try ExpertDistances(clusters: clusters, clusterCount: 3, tokenizer: tokenizer) { MeanByteContext() }
  }
}

extension Tokenizer {
  /// The id of a letter.
  func byte(_ letter: Character) throws -> Int {
    var encoder = encoder(specialTokens: .asText, malformed: .replacing)
    return Int(encoder.encode(String(letter))[0])
  }

  /// The id of a byte, which need not be a character.
  func id(ofByte byte: UInt8) -> Int { Int(vocabulary.id(of: [byte]) ?? 0) }
}

/// Three centres on a line, and a text that stands at the mean of its bytes, weighing later ones more.
struct MeanByteContext: DistanceContext {
  private var mean = 0.5

  mutating func append(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { mean = 0.7 * mean + 0.3 * Double(byte) / 255 }
  }

  func squaredDistances() -> [Double] { [0.2, 0.5, 0.8].map { ($0 - mean) * ($0 - mean) } }
}

extension TokenizedDocument {
  /// A document of given tokens, a byte each.
  static func made(_ id: String, _ tokens: [Int64], domain: String) -> TokenizedDocument {
    TokenizedDocument(
      id: id, origin: DocumentOrigin(file: "made", line: 1), domain: domain, byteCount: tokens.count, tokens: tokens)
  }
}
