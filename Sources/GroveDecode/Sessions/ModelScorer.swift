public import GroveModel
public import GroveTensor

/// A model with the keys and values of the texts that it reads.
public final class ModelScorer: NextTokenScorer {
  private let model: any LanguageModel
  private var cache: KeyValueCache?

  /// - Parameter model: prepared, and used by this thread alone.
  public init(_ model: any LanguageModel) { self.model = model }

  public var vocabularySize: Int { model.config.vocabularySize }
  public var contextLength: Int { model.config.contextLength }
  public var positionLimit: Int? { model.config.positionLimit }

  /// Takes the memory of the cache.
  public func begin(texts: Int, capacity: Int) throws {
    cache = try model.makeCache(texts: texts, capacity: capacity)
  }

  public func read(_ tokens: [[Int]], portion: Int) throws -> Tensor {
    guard let cache else { preconditionFailure("a scorer reads before it has begun") }
    return try model.nextScores(reading: tokens, into: cache, portion: portion)
  }
}

extension LanguageModel {
  /// Memory for the keys and values of texts that this model reads.
  public func makeCache(texts: Int, capacity: Int) throws -> KeyValueCache {
    try KeyValueCache(
      config, batch: texts, capacity: capacity, dtype: outputWeight.dtype, device: outputWeight.device)
  }

  /// Feeds tokens to texts whose positions so far are in a cache, and scores what comes next.
  /// - Parameters:
  ///   - tokens: for each text; as many for each, and at least one.
  ///   - portion: positions of one forward pass.
  /// - Returns: `[B, V]`, float32, contiguous and on the CPU.
  public func nextScores(reading tokens: [[Int]], into cache: KeyValueCache, portion: Int) throws -> Tensor {
    let (device, count) = (outputWeight.device, tokens[0].count)
    return try withGradients(.off) {
      var read = 0
      while true {
        let places = read..<min(read + portion, count)
        let ids = tokens.flatMap { $0[places].map { Int64($0) } }
        read = places.upperBound
        let input = try Tensor(ids, [tokens.count, places.count]).moved(to: device)  // [B, T]
        let pass = ForwardPass(.inference, cache: cache)
        if read == count { return try nextLogits(input, pass).moved(to: .cpu).contiguous() }
        _ = try hiddenStates(input, pass)
      }
    }
  }
}
