public import GroveCore

/// Chooses the tokens of one text, position by position, with memory that is taken once.
///
/// A uniform draw falls on the tokens in the order of their ids, or the likeliest first where top-k has put them so; in a
/// tie the lower id is the likelier one. The draw at a position depends on the key and the position alone: not on other texts of a batch, nor on how often the
/// chooser was asked before.
public struct TokenChooser {
  private let sampler: Sampler
  private let random: RandomKey
  private var seen: Set<Int> = []
  private var scores: [Float] = []
  private var candidates = Candidates()

  /// A chooser for one text.
  /// - Parameter random: the text's own key; its draw number p decides position p.
  public init(_ sampler: Sampler, random: RandomKey) {
    self.sampler = sampler
    self.random = random
  }

  /// Notes tokens of the text, prompt or chosen, for the repetition penalty.
  public mutating func note(_ tokens: some Sequence<Int>) {
    if sampler.repetitionPenalty != 1 { seen.formUnion(tokens) }
  }

  /// The token for a position of the text.
  /// - Parameters:
  ///   - logits: a score for each token, `[V]`; −∞ forbids one.
  ///   - position: of the token in the text, prompt included.
  /// - Returns: the token, with the natural log of its probability under the model, before any option changed it.
  /// - Throws: `GroveError` with code `.argument` if a score is NaN or +∞, or all are −∞.
  /// - Complexity: O(V), top-p expected; O(V log k) at worst with top-k.
  public mutating func choose(_ logits: UnsafeBufferPointer<Float>, at position: Int) throws -> GeneratedToken {
    let scan = try ScoreScan(logits)
    let token: Int
    if !seen.isEmpty { penalise(logits) }
    switch sampler.choice {
    case .likeliest where seen.isEmpty: token = scan.likeliest
    case .likeliest: token = try scores.withUnsafeBufferPointer { try ScoreScan($0).likeliest }
    case .draw(let options): token = draw(logits, options, at: position)
    }
    return GeneratedToken(
      id: token, logProbability: Double(logits[token] - scan.highest) - scan.logSum(logits))
  }

  /// As `choose` for a buffer.
  public mutating func choose(_ logits: [Float], at position: Int) throws -> GeneratedToken {
    try logits.withUnsafeBufferPointer { try choose($0, at: position) }
  }

  /// Fills `scores`: those of seen tokens with the penalty. A forbidden token stays one, and no other becomes one.
  private mutating func penalise(_ logits: UnsafeBufferPointer<Float>) {
    let (penalty, largest) = (Float(sampler.repetitionPenalty), Float.greatestFiniteMagnitude)
    scores.removeAll(keepingCapacity: true)
    scores.append(contentsOf: logits)
    for token in seen where token < scores.count && scores[token] > -.infinity {
      let score = scores[token] > 0 ? scores[token] / penalty : scores[token] * penalty
      scores[token] = min(max(score, -largest), largest)
    }
  }

  private mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, _ options: SamplingOptions, at position: Int
  ) -> Int {
    if seen.isEmpty {
      candidates.fill(logits, limit: options.topK)
    } else {
      scores.withUnsafeBufferPointer { candidates.fill($0, limit: options.topK) }
    }
    candidates.weigh(temperature: options.temperature)
    if options.topP < 1 { candidates.keepNucleus(options.topP) }
    if options.minP > 0 { candidates.keep(atLeast: options.minP) }
    return candidates.pick(random.uniform(position))
  }
}
