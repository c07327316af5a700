public import Foundation
public import GroveEval

/// What a forest is compared with: a dense model, an average of the experts, one expert alone, another forest.
public struct ForestContender {
  public let name: String
  let kind: Kind

  enum Kind {
    case model(URL, trainingTokens: Int?)
    case forest(ForestUse, ForestMode)
  }

  /// - Parameters:
  ///   - model: a checkpoint, as Hugging Face lays it out.
  ///   - trainingTokens: that it and all that it came from have trained on; nil where nobody knows.
  public init(_ name: String, model: URL, trainingTokens: Int?) {
    self.name = name
    kind = .model(model, trainingTokens: trainingTokens)
  }

  /// Another forest, used in one way: one grown on random clusters, for a control.
  public init(_ name: String, forest: ForestUse, mode: ForestMode) {
    self.name = name
    kind = .forest(forest, mode)
  }
}

/// What one way of using a forest, or one contender, paid for the documents, and what it cost.
public struct ForestEntry: Sendable {
  public let name: String
  /// The way of using the forest; nil for a contender.
  public let mode: ForestMode?
  /// In the order of the documents.
  public let losses: [DocumentLoss]
  public let summary: PerplexitySummary
  public let trainingTokens: Int?
  /// Floating-point operations of that training; nil where the tokens are not known.
  public let trainingOperations: Double?
  /// Floating-point operations of a scored token.
  public let operationsPerToken: Double
  /// Forward passes of an expert for a scored token. A single model has a little more than 1: what the last window of a
  /// document reads again counts.
  public let passesPerToken: Double
  /// Bytes of the weights that must be at hand.
  public let weightBytes: Int
  /// By domain, the mean weight of each expert; empty for a contender.
  public let routing: [DomainRouting]
  public let traces: [MixtureTrace]
}
