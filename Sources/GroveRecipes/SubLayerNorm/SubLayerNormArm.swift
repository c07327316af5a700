import Foundation
import GroveModel

/// A model of one kind, with norms in one place, trained with one rate.
struct SubLayerNormArm: Sendable {
  /// What a model does; also the first part of an arm's name.
  enum Domain: String, CaseIterable, Sendable {
    /// Predicts the next byte.
    case causal
    /// Guesses bytes that are hidden.
    case masked
    /// Names the digit in an image.
    case images
  }

  /// Where the norms stand; also the second part of an arm's name.
  enum Norms: String, CaseIterable, Sendable {
    case pre
    case post
    case sub

    var placement: NormConfig.Placement {
      switch self {
      case .pre: .before
      case .post: .after
      case .sub: .within
      }
    }
  }

  let domain: Domain
  let norms: Norms
  let rate: Double

  var name: String { String(format: "\(domain.rawValue)-\(norms.rawValue)-%g", rate) }

  static func all(_ config: SubLayerNormConfig, _ domain: Domain) -> [SubLayerNormArm] {
    Norms.allCases.flatMap { norms in config.rates.map { SubLayerNormArm(domain: domain, norms: norms, rate: $0) } }
  }

  /// Steps of a training.
  func steps(_ config: SubLayerNormConfig) -> Int {
    switch domain {
    case .causal: config.comparison.steps
    case .masked: config.maskedSteps
    case .images: config.imageSteps
    }
  }

  /// The encoder of an arm that is no causal model. Of text the last id is the mask.
  func encoder(_ config: SubLayerNormConfig) -> EncoderConfig {
    let (model, images) = (config.comparison.model, config.images)
    return domain == .images
      ? config.encoder(norms.placement, vocabularySize: images.vocabularySize, length: images.length)
      : config.encoder(norms.placement, vocabularySize: model.vocabularySize + 1, length: model.contextLength)
  }

  /// What the encoder of an arm costs.
  func plan(_ config: SubLayerNormConfig) -> RecipePlan.Arm {
    let encoder = encoder(config)
    let batch = domain == .images ? config.imageBatch : config.maskedBatch
    let tokens = steps(config) * batch * encoder.contextLength
    return RecipePlan.Arm(
      name: name, seeds: config.comparison.seeds, parameters: encoder.parameterCount, tokens: tokens,
      operations: Double(tokens) * encoder.trainingOperationsPerToken(context: encoder.contextLength))
  }
}
