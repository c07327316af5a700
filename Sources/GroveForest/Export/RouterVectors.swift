import GroveCore
public import GroveCorpus
public import GroveModel
public import GroveTensor

/// The weights of a router that sends a token to the expert whose texts its hidden state resembles.
///
/// At each layer the vector of an expert is Σ⁻¹(μ_e − μ): μ_e is the mean over its texts of what the feed-forward layer
/// reads, μ the mean of these over the experts, Σ the diagonal of the variance within texts of an expert. That is linear
/// discriminant analysis with equal priors, without its constant: Mixtral's router has none. The router is no result of
/// training; it is a beginning for it that already tells the domains apart.
public struct RouterVectors {
  private var layers: [[Moments]]

  /// Over the tokens of one expert at one layer.
  private struct Moments {
    var count = 0
    var sum: [Double]
    var squares: [Double]
  }

  /// - Parameters:
  ///   - model: what the experts' shared layers will be: their average.
  ///   - texts: documents of each expert, in the order of the router's rows.
  ///   - endOfText: stands before each document.
  /// - Throws: `GroveError` if an expert has no token.
  /// - Complexity: a forward pass over all texts.
  public init(_ model: any LanguageModel, texts: [[TokenizedDocument]], endOfText: Int) throws {
    let width = model.config.width
    let empty = Moments(sum: [Double](repeating: 0, count: width), squares: [Double](repeating: 0, count: width))
    layers = [[Moments]](
      repeating: [Moments](repeating: empty, count: texts.count), count: model.config.layers)
    for (expert, documents) in texts.enumerated() {
      let stream = documents.flatMap { [Int64(endOfText)] + $0.tokens }
      guard !documents.isEmpty else { throw GroveError(.argument, "texts", "expert \(expert) has none") }
      let length = model.config.contextLength
      for start in stride(from: 0, to: stream.count, by: length) {
        let window = Array(stream[start..<min(start + length, stream.count)])
        try read(window, of: expert, under: model)
      }
    }
  }

  private mutating func read(_ window: [Int64], of expert: Int, under model: any LanguageModel) throws {
    var seen: [(layer: Int, hidden: Tensor)] = []
    try withGradients(.off) {
      let tokens = try Tensor(window, [1, window.count])
      _ = try model.hiddenStates(
        tokens,
        ForwardPass(.inference, hook: .observing([.feedForwardInput]) { seen.append(($0, $1)) }))
    }
    for (layer, hidden) in seen {
      let values = try hidden.cast(to: .float32).reshaped(-1, model.config.width)
      let sum: [Float] = try values.sum(0, axis: .removed).values()
      let squares: [Float] = try (values * values).sum(0, axis: .removed).values()
      layers[layer][expert].count += window.count
      for index in sum.indices {
        layers[layer][expert].sum[index] += Double(sum[index])
        layers[layer][expert].squares[index] += Double(squares[index])
      }
    }
  }

  /// The router of each layer, `[E, C]`.
  public func tensors() throws -> [Tensor] {
    try layers.map { experts in
      let width = experts[0].sum.count
      let means = experts.map { moments in moments.sum.map { $0 / Double(moments.count) } }
      var rows = [Float](repeating: 0, count: experts.count * width)
      for column in 0..<width {
        let mean = means.reduce(0) { $0 + $1[column] } / Double(experts.count)
        let within = experts.indices.reduce(0.0) { sum, expert in
          let moments = experts[expert]
          return sum + moments.squares[column] / Double(moments.count) - means[expert][column] * means[expert][column]
        }
        // A constant column says nothing, and must not divide by zero.
        let variance = max(within / Double(experts.count), 1e-6)
        for expert in experts.indices {
          rows[expert * width + column] = Float((means[expert][column] - mean) / variance)
        }
      }
      return try Tensor(rows, [experts.count, width])
    }
  }
}
