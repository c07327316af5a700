import GroveCore
public import GroveDecode
import GroveModel
public import GroveTensor

/// A mixture of experts that reads texts, for `GenerationBatch` and `GenerationSession` to decode from. Scores are
/// log Σ_j w_j p_j(x), normalised.
///
/// Each expert keeps keys and values of each text for itself, and reads what it has not seen when it is needed again: with
/// k experts kept by distance, a token costs k forward passes and what a newly chosen expert must catch up on. A rule with
/// a posterior has every expert with a prior read every token. Texts are read one by one: they need not share experts.
/// The result is that of `MixtureEvaluator` where a text fits in one window. Keys and values stay when an expert is given
/// back, so memory for them grows with the experts that a text has used.
public final class MixtureScorer: NextTokenScorer {
  private let pool: ExpertPool
  private let plan: MixturePlan
  private let distances: ExpertDistances?
  private let logStart: [Double]
  private var texts: [MixtureText] = []
  private var goesBack = false

  /// - Parameters:
  ///   - distances: for a rule that needs them.
  ///   - domain: of the texts, for an oracle.
  /// - Throws: `GroveError` if the rule does not fit the experts.
  public init(
    _ pool: ExpertPool, rule: MixtureRule, distances: ExpertDistances? = nil, domain: String? = nil
  ) throws {
    self.pool = pool
    self.distances = distances
    plan = try MixturePlan(rule, experts: pool.names, distances: distances)
    logStart = try plan.start(domain: domain, at: "domain")
  }

  public var vocabularySize: Int { pool.vocabularySize }
  /// The shortest of the experts'.
  public var contextLength: Int { pool.contextLength }
  /// The smallest of the experts'.
  public var positionLimit: Int? { pool.configs.compactMap(\.positionLimit).min() }

  /// Begins anew. An expert's memory for a text is taken when it first reads it.
  public func begin(texts count: Int, capacity: Int) throws {
    texts = (0..<count).map { _ in MixtureText(plan, logStart, distances, capacity: capacity) }
  }

  /// The weights with which the scores given last were mixed, in the order of the pool's experts.
  public func weights(ofText text: Int = 0) -> [Double] { texts[text].weights }

  /// The name of the expert with the largest weight in the scores given last, the first one of equals.
  public func leader(ofText text: Int = 0) -> String {
    let weights = texts[text].weights
    let first = weights.indices.max { (weights[$0], $1) < (weights[$1], $0) } ?? 0
    return pool.names[first]
  }

  /// As the protocol says.
  /// - Throws: `GroveError` if an expert has gone or is damaged; the texts are of no further use then.
  public func read(_ tokens: [[Int]], portion: Int) throws -> Tensor {
    precondition(tokens.count == texts.count, "\(tokens.count) texts go on, \(texts.count) have begun")
    return try withGradients(.off) {
      for (text, new) in zip(texts, tokens) { text.append(new) }
      // Back and forth, so that the expert that was used last is used first.
      let order = goesBack ? pool.experts.indices.reversed() : Array(pool.experts.indices)
      goesBack.toggle()
      for expert in order {
        let readers = texts.filter { $0.needs(expert) }
        if readers.isEmpty { continue }
        try pool.withExpert(expert) { model in
          for text in readers { try text.read(expert, model, portion: portion) }
        }
      }
      let rows = try texts.map { try $0.scores() }  // [V] each
      return try rows.count == 1 ? rows[0].withNewAxis(at: 0).contiguous() : .stacked(rows, axis: 0)
    }
  }
}
