/// What an encoder has done so far: counts, for tests of its cost and for reports.
public struct EncodingStatistics: Sendable, Equatable {
  /// Pieces that the split gave.
  public internal(set) var pieces = 0
  /// Pieces whose ids came out of the cache.
  public internal(set) var cacheHits = 0
  /// Pairs looked at and heap moves made while merging the other pieces, or bytes followed through the vocabulary.
  public internal(set) var mergeSteps = 0
}
