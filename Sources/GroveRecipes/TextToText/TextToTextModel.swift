import GroveCore
import GroveModel
import GroveTensor
import GroveTrain

/// A model that writes an answer behind a question.
enum TextToTextModel {
  /// The encoder reads the question, the decoder writes.
  case encoderDecoder(T5)
  /// One text, of which the question is the beginning.
  case decoder(any LanguageModel)

  /// Questions of one length with their answers, which may differ in theirs.
  struct Batch {
    let source: Tensor  // [B, S]
    let written: Tensor  // [B, T]: the answer behind a first token
    let targets: Tensor  // [B, T], `ignoredTarget` behind an answer's end

    init(_ pairs: [(source: [Int64], target: [Int64])], first: Int64, device: Device) throws {
      let longest = pairs.map(\.target.count).max() ?? 0
      func filled(_ ids: [Int64], with id: Int64) -> [Int64] {
        ids + [Int64](repeating: id, count: longest - ids.count)
      }
      source = try Tensor(pairs.flatMap(\.source), [pairs.count, pairs[0].source.count]).moved(to: device)
      written = try Tensor(
        pairs.flatMap { filled([first] + $0.target.dropLast(), with: first) }, [pairs.count, longest]
      ).moved(to: device)
      targets = try Tensor(
        pairs.flatMap { filled($0.target, with: Int64(ignoredTarget)) }, [pairs.count, longest]
      ).moved(to: device)
    }
  }

  /// Takes over all weights of another of the same kind.
  func copyParameters(from other: TextToTextModel) throws {
    switch (self, other) {
    case (.encoderDecoder(let own), .encoderDecoder(let other)): try own.copyParameters(from: other)
    case (.decoder(let own), .decoder(let other)): try own.copyParameters(from: other)
    default: preconditionFailure("one has an encoder, the other has none")
    }
  }

  func parameterCount() throws -> Int {
    switch self {
    case .encoderDecoder(let model): try model.parameterCount()
    case .decoder(let model): try model.parameterCount()
    }
  }

  func train(
    _ training: ObjectiveTraining, steps: Int, random: RandomKey, loss: (_ step: Int, _ mode: Mode) throws -> Tensor,
    onStep: (_ step: Int, _ lossNats: Double) throws -> Void
  ) throws -> [Double] {
    switch self {
    case .encoderDecoder(let model):
      try training.run(model, steps: steps, random: random, loss: loss, onStep: onStep)
    case .decoder(let model): try training.run(model, steps: steps, random: random, loss: loss, onStep: onStep)
    }
  }

  /// Nats for each token that is written.
  func loss(_ batch: Batch, _ mode: Mode) throws -> Tensor {
    switch self {
    case .encoderDecoder(let model):
      return try model.loss(batch.source, decoding: batch.written, targets: batch.targets, mode)
    case .decoder(let model):
      let silent = try Tensor.full(
        batch.source.shape, Double(ignoredTarget), .int64, on: batch.source.device)
      return try model.loss(
        .concatenated([batch.source, batch.written], axis: 1),
        targets: .concatenated([silent, batch.targets], axis: 1), zLoss: 0, ForwardPass(mode))
    }
  }

  /// The likeliest token in each place of the answer, given those before it: `[B, T]`.
  func likeliest(_ batch: Batch) throws -> [Int64] {
    try withGradients(.off) {
      switch self {
      case .encoderDecoder(let model):
        return try model.logits(batch.written, reading: model.encoded(batch.source, .inference), .inference)
          .argumentOfMaximum(-1).values()
      case .decoder(let model):
        let logits = try model.logits(
          .concatenated([batch.source, batch.written], axis: 1), ForwardPass(.inference))
        return try logits.narrowed(1, from: batch.source.size(1), count: batch.written.size(1)).argumentOfMaximum(-1)
          .values()
      }
    }
  }
}
