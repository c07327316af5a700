import GroveCore
import GroveModel
import GroveTensor
import GroveTrain

/// Pre-training by guessing masked tokens, fine-tuning on labelled passages, and scores of held-out ones.
struct EncoderTraining {
  let config: TinyLanguageModelsConfig
  let data: PassageData
  let device: Device
  /// Of the weights, the order of data and the masks.
  let random: RandomKey

  private var weights: InitialWeights { .random(random.split("weights")) }

  /// An encoder pre-trained on so many passages, and the mean loss of its last tenth of steps in nats.
  func pretrained(
    layers: Int, passages count: Int, onStep: (Int, Int, Double) throws -> Void
  ) throws -> (encoder: BERT, lossNats: Double) {
    let passages = data.pretraining(count, random: random)
    let model = try MaskedLanguageModel(shape(layers), weights: weights)
    try model.prepare(.float32, training: true, device: device)
    let steps = config.pretrainingSteps(count)
    let size = config.pretrainingBatch
    let order = EpochOrder(count: count, key: random.split("epoch"))
    let losses = try config.pretraining.run(model, steps: steps, random: random.split("dropout")) { step, mode in
      let batch = (0..<size).map { passages[order[step * size + $0].item] }
      let masked = try masked(batch, random: random.split("masks").split(step))
      return try model.loss(masked.tokens, places: masked.places, targets: masked.targets, mode)
    } onStep: {
      try onStep($0, steps, $1)
    }
    let tail = losses.suffix(max(1, losses.count / 10))
    return (model.encoder, tail.reduce(0, +) / Double(tail.count))
  }

  /// Hides tokens of each passage, never the class token.
  private func masked(_ passages: [Passage], random: RandomKey) throws -> MaskedTokens {
    try MaskedTokens(
      passages.map(\.tokens), from: 1, share: config.maskedShare, maskToken: data.maskToken,
      vocabularySize: data.vocabularySize, random: random, device: device)
  }

  /// Fine-tunes an encoder, or one that was never trained, and gives the probabilities of the classes for each held-out
  /// passage, row by row.
  /// - Parameter sample: of the labelled passages and their order; members of a committee share it.
  func probabilities(
    _ task: PassageTask, layers: Int, from encoder: BERT?, sample: RandomKey
  ) throws -> [Float] {
    let model = try TextClassifier(shape(layers), classes: task.classes.count, weights: weights)
    try model.prepare(.float32, training: true, device: device)
    if let encoder { try model.encoder.copyParameters(from: encoder) }
    let labelled = data.labelled(task, perClass: config.examplesPerClass, random: sample)
    let steps = config.fineTuningSteps(classes: task.classes.count)
    let size = config.fineTuningBatch
    let order = EpochOrder(count: labelled.count, key: sample.split("order"))
    _ = try config.fineTuning.run(model, steps: steps, random: random.split("fine-tuning dropout")) { step, mode in
      let batch = (0..<size).map { labelled[order[step * size + $0].item] }
      let logits = try model.logits(tokens(batch.map(\.passage)), attended: nil, mode)  // [B, K]
      let labels = try Tensor(batch.map { Int64($0.label) }, [batch.count]).moved(to: device)
      return try crossEntropy(logits, labels, reduction: .meanOverTokens, ignoring: ignoredTarget)
    }
    let heldOut = data.heldOut(task).map(\.passage)
    return try withGradients(.off) {
      try stride(from: 0, to: heldOut.count, by: 64).flatMap { start -> [Float] in
        let part = Array(heldOut[start..<min(start + 64, heldOut.count)])
        return try model.logits(tokens(part), attended: nil, .inference).softmax(-1).values()
      }
    }
  }

  private func tokens(_ passages: [Passage]) throws -> Tensor {
    try Tensor(passages.flatMap(\.tokens), [passages.count, passages[0].tokens.count]).moved(to: device)
  }

  /// The tokenizer decides the vocabulary: little text may have fewer pairs than were asked for.
  private func shape(_ layers: Int) -> EncoderConfig {
    var shape = config.shape(layers: layers)
    shape.vocabularySize = data.vocabularySize
    return shape
  }
}
