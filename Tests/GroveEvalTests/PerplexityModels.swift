import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveTensor

/// A model whose loss of id 0 depends on the position in the window alone: it shows where each token was scored.
struct PositionModel: LanguageModel {
  let config: ModelConfig
  let outputWeight: Parameter
  let outputBias: Parameter? = nil

  /// - Parameter nats: what id 0 costs at each position of a window; the other id gets the rest of the probability.
  init(nats: [Double]) throws {
    var config = ModelConfig()
    config.contextLength = nats.count
    config.width = nats.count
    config.vocabularySize = 2
    self.config = config
    let scores = nats.map { Float(log(exp(-$0) / (1 - exp(-$0)))) }
    outputWeight = Parameter(
      try Tensor(scores + [Float](repeating: 0, count: nats.count), [2, nats.count]), role: .matrix)
  }

  func hiddenStates(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    let (b, t) = try tokens.sizes("tokens", as: "B T")
    let c = config.width
    let rows = (0..<t * c).map { Float($0 / c == $0 % c ? 1 : 0) }
    return try Tensor(rows, [1, t, c]).expanded(to: [b, t, c]).contiguous()  // [B, T, C], one-hot positions
  }

  func visit(_ visitor: inout some ParameterVisitor) throws { try visitor.tensor("output", outputWeight) }
}

/// A model whose probabilities depend on the token before alone.
struct BigramModel: LanguageModel {
  let config: ModelConfig
  let outputWeight: Parameter
  let outputBias: Parameter? = nil

  /// - Parameter probabilities: of the next id (second index) after each id (first index).
  init(_ probabilities: [[Double]]) throws {
    let count = probabilities.count
    var config = ModelConfig()
    config.width = count
    config.vocabularySize = count
    self.config = config
    let scores = (0..<count * count).map { Float(log(probabilities[$0 % count][$0 / count])) }
    outputWeight = Parameter(try Tensor(scores, [count, count]), role: .matrix)
  }

  func hiddenStates(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    let (b, t) = try tokens.sizes("tokens", as: "B T")
    let c = config.width
    let rows = try tokens.values(as: Int64.self).flatMap { id in (0..<c).map { Float($0 == Int(id) ? 1 : 0) } }
    return try Tensor(rows, [b, t, c])  // one-hot tokens
  }

  func visit(_ visitor: inout some ParameterVisitor) throws { try visitor.tensor("output", outputWeight) }
}

extension TokenizedDocument {
  /// A document of given tokens.
  static func made(_ id: String, _ tokens: [Int64], bytes: Int) -> TokenizedDocument {
    TokenizedDocument(
      id: id, origin: DocumentOrigin(file: "made", line: 1), domain: "made", byteCount: bytes, tokens: tokens)
  }
}
