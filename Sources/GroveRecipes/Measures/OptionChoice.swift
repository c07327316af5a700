import GroveModel
import GroveTensor

/// Which of several answers a model finds likeliest, as prompted models are judged on questions with options (Sanh et al. 2021,
/// arXiv:2110.08207, §5).
enum OptionChoice {
  /// For each question 1 if its first option costs fewer nats than every other, else 0. A cost is the sum over the tokens after the
  /// prefix.
  /// - Parameter model: prepared for inference.
  static func right(
    _ questions: [[GreedyMatch.Item]], under model: any LanguageModel, device: Device
  ) throws -> [Double] {
    let costs = try costs(questions.flatMap { $0 }, under: model, device: device)
    var start = 0
    return questions.map { options in
      let own = costs[start..<start + options.count]
      start += options.count
      return own.dropFirst().allSatisfy { own[own.startIndex] < $0 } ? 1 : 0
    }
  }

  /// Nats of the tokens after the prefix; texts of one length go through the model together.
  private static func costs(
    _ items: [GreedyMatch.Item], under model: any LanguageModel, device: Device
  ) throws -> [Double] {
    var costs = [Double](repeating: 0, count: items.count)
    for group in Dictionary(grouping: items.indices, by: { items[$0].tokens.count }).values {
      let length = items[group[0]].tokens.count - 1
      let rows = max(1, 4096 / length)
      for start in stride(from: 0, to: group.count, by: rows) {
        let part = group[start..<min(start + rows, group.count)]
        func tensor(_ tokens: (GreedyMatch.Item) -> ArraySlice<Int64>) throws -> Tensor {
          try Tensor(part.flatMap { tokens(items[$0]) }, [part.count, length]).moved(to: device)
        }
        let nats = try model.tokenLosses(
          tensor { $0.tokens.dropLast() }, targets: tensor { $0.tokens.dropFirst() }
        ).contiguous().values(as: Float.self)
        for (row, index) in part.enumerated() {
          costs[index] = (items[index].prefix - 1..<length).reduce(0) { $0 + Double(nats[row * length + $1]) }
        }
      }
    }
    return costs
  }
}
