/// Which of the positions before it a position sees, where these are laid out in blocks.
struct AttentionPattern: Equatable {
  let kind: AttentionConfig.Pattern
  /// Positions of a block, l.
  let block: Int
  /// Positions at the end of a block that all later ones see, c.
  let summary: Int

  /// Nil where all earlier positions are seen.
  init?(_ config: AttentionConfig) {
    guard config.pattern != .full else { return nil }
    (kind, block, summary) = (config.pattern, config.block, config.pattern == .fixed ? config.summary : 0)
  }

  /// Whether a query sees a key: the definition, on which everything else rests.
  func sees(_ query: Int, _ key: Int) -> Bool {
    guard key <= query else { return false }
    switch kind {
    case .full: return true
    case .blockwise: return key / block + 1 >= query / block
    case .fixed: return key / block == query / block || key % block >= block - summary
    case .strided: return query - key < block || (query - key) % block == 0
    }
  }

  /// Keys that the arithmetic reads for each of t queries, those included that a mask then hides.
  func reads(_ t: Int) -> Double {
    let blocks = Double(t) / Double(block)
    switch kind {
    case .full: return Double(t)
    case .blockwise: return Double(2 * block)
    case .fixed: return Double(block) + blocks * Double(summary)
    case .strided: return Double(2 * block) + blocks
    }
  }
}
