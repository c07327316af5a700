public import GroveCore

/// How a token is drawn from the model's scores. Each field at its default leaves the distribution as it is.
///
/// The steps come in one order, that of transformers: repetition penalty, temperature, top-k, top-p, min-p. Each one sees
/// what the one before has left, renormalised.
public struct SamplingOptions: Config {
  /// Divides the scores: below 1 sharpens the distribution, above 1 flattens it. Positive; for 0, decode greedily.
  public var temperature = 1.0
  /// Only the k likeliest tokens (Fan et al. 2018, arXiv:1805.04833). 0 keeps all.
  public var topK = 0
  /// Only the fewest likeliest tokens whose probabilities reach this sum (Holtzman et al. 2019, arXiv:1904.09751).
  public var topP = 1.0
  /// Only tokens at least this share as likely as the likeliest one (Nguyen et al. 2024, arXiv:2407.01082).
  public var minP = 0.0
  /// Divides the positive scores of tokens that the text already has, and multiplies the negative ones
  /// (Keskar et al. 2019, arXiv:1909.05858, §4.1). From 0.01 to 100; 1 changes nothing.
  public var repetitionPenalty = 1.0

  /// The model's own distribution.
  public init() {}

  /// Every field that is outside its range.
  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(temperature > 0 && temperature.isFinite) {
      issues.append(ConfigIssue("temperature", "\(temperature) is not positive and finite"))
    }
    if topK < 0 { issues.append(ConfigIssue("topK", "\(topK) is negative")) }
    if !(topP > 0 && topP <= 1) { issues.append(ConfigIssue("topP", "\(topP) is outside (0, 1]")) }
    if !(minP >= 0 && minP <= 1) { issues.append(ConfigIssue("minP", "\(minP) is outside [0, 1]")) }
    // A score must stay a float whatever the penalty.
    if !(repetitionPenalty >= 0.01 && repetitionPenalty <= 100) {
      issues.append(ConfigIssue("repetitionPenalty", "\(repetitionPenalty) is outside [0.01, 100]"))
    }
    return issues
  }
}
