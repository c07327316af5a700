public import Foundation
import GroveCore
import GroveModel
public import GroveTensor

/// How much some examples say about each number of a model: the diagonal of the empirical Fisher information, the mean over
/// examples of the squared gradient of an example's log-likelihood.
///
/// It is a checkpoint of the same names and shapes, whose numbers are information instead of weights: whatever reads models
/// can look at it.
/// - Source: Matena and Raffel 2021 (arXiv:2111.09832), §3.1. We differ: targets are those of the examples, not drawn from the
///   model.
public enum FisherInformation {
  /// One sequence and what is to be told at each of its positions.
  public struct Example: Sendable {
    /// Ids `[T]`.
    public let tokens: [Int64]
    /// Ids `[T]`; `ignoredTarget` where nothing is told.
    public let targets: [Int64]

    /// - Precondition: as many targets as tokens, and at least one that is not ignored.
    public init(tokens: [Int64], targets: [Int64]) {
      precondition(
        tokens.count == targets.count && targets.contains { $0 != Int64(ignoredTarget) },
        "\(tokens.count) tokens with \(targets.count) targets")
      self.tokens = tokens
      self.targets = targets
    }
  }

  /// Writes the information of a checkpoint.
  /// - Parameter onExample: called with how many examples are done.
  /// - Throws: `GroveError` for no example, a checkpoint that cannot be read, or a target that is there already.
  /// - Complexity: a forward and a backward pass for each example; memory for three copies of the model.
  public static func write(
    of checkpoint: URL, examples: [Example], to target: URL, device: Device, onExample: (Int) throws -> Void
  ) throws {
    guard !examples.isEmpty else { throw GroveError(.argument, "examples", "there is none to learn from") }
    let model = try ModelFolder.load(checkpoint)
    try model.prepare(.float32, training: true, device: device)
    let parameters = try model.parameters().map(\.parameter)
    let sums = try withGradients(.off) { try parameters.map { try Tensor.zeros($0.shape, .float32).moved(to: device) } }
    for (index, example) in examples.enumerated() {
      let shape = [1, example.tokens.count]
      let loss = try model.loss(
        Tensor(example.tokens, shape).moved(to: device), targets: Tensor(example.targets, shape).moved(to: device),
        zLoss: 0, ForwardPass(.inference))
      try loss.backward()
      // The loss is a mean over the targets, the likelihood of an example their sum.
      let count = Double(example.targets.count { $0 != Int64(ignoredTarget) })
      try withGradients(.off) {
        for (parameter, sum) in zip(parameters, sums) {
          guard let gradient = try parameter.working.gradient() else { continue }
          try sum.add(gradient * gradient * (count * count / Double(examples.count)))
          try parameter.working.clearGradient()
        }
      }
      try onExample(index + 1)
    }
    for (parameter, sum) in zip(parameters, sums) { parameter.set(try sum.moved(to: .cpu)) }
    try OutputFolder.write(target) { aside in
      try FileSystem.write(
        FileSystem.read(checkpoint.appending(path: "config.json")), to: aside.appending(path: "config.json"))
      try ModelFolder.write(ModelFolder.items(of: model), to: aside, shardBytes: 5_000_000_000)
    }
  }
}
