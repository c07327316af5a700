public import GroveModel
public import GroveTensor

/// Whether greedy decoding would write what a text says.
///
/// Greedy decoding from a prefix writes the text's own tokens exactly as long as each of them is the likeliest one after
/// those before it. So one pass over the texts decides it, and nothing is generated.
public enum GreedyMatch {
  /// A text and how many of its tokens are given.
  public struct Item: Sendable {
    /// The whole text, the given tokens first.
    public let tokens: [Int64]
    /// How many tokens are given; those after them are compared.
    public let prefix: Int

    /// - Precondition: at least one token is given and one must follow.
    public init(tokens: [Int64], prefix: Int) {
      precondition(0 < prefix && prefix < tokens.count, "a prefix of \(prefix) in \(tokens.count) tokens")
      self.tokens = tokens
      self.prefix = prefix
    }
  }

  /// How many tokens after the prefix greedy decoding writes as the text has them.
  /// - Parameter model: prepared for inference.
  /// - Complexity: one forward pass over all tokens; texts of one length go through it together.
  public static func leadingMatches(_ items: [Item], under model: any LanguageModel, device: Device) throws -> [Int] {
    var matches = [Int](repeating: 0, count: items.count)
    for group in Dictionary(grouping: items.indices, by: { items[$0].tokens.count }).values {
      let length = items[group[0]].tokens.count - 1
      let rows = max(1, 4096 / length)
      for start in stride(from: 0, to: group.count, by: rows) {
        let part = group[start..<min(start + rows, group.count)]
        let inputs = try Tensor(part.flatMap { items[$0].tokens.dropLast() }, [part.count, length]).moved(to: device)
        let likeliest = try withGradients(.off) {
          try model.logits(inputs, ForwardPass(.inference)).argumentOfMaximum(-1)  // [B, T]
        }.values(as: Int64.self)
        for (row, index) in part.enumerated() {
          let item = items[index]
          matches[index] =
            (item.prefix..<item.tokens.count).prefix {
              likeliest[row * length + $0 - 1] == item.tokens[$0]
            }.count
        }
      }
    }
    return matches
  }
}
