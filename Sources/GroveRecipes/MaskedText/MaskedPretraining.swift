import GroveCore
import GroveModel
import GroveTensor
import GroveTrain

/// Guessing what is hidden in passages, step by step, and what an encoder has learned by it.
struct MaskedPretraining {
  let passages: [WordPassage]
  let training: ObjectiveTraining
  let batchSize: Int
  let steps: Int
  /// What is hidden at a step, counted from 0.
  let masking: @Sendable (_ step: Int) -> MaskingConfig
  /// Of the order of passages and what is hidden: the same words for every vocabulary if words are hidden.
  let random: RandomKey
  let device: Device

  /// Trains a prepared model, and gives the loss of every step in nats.
  func run(_ model: MaskedLanguageModel, onStep: (_ step: Int, _ lossNats: Double) throws -> Void) throws -> [Double] {
    let order = EpochOrder(count: passages.count, key: random.split("epoch"))
    return try training.run(model, steps: steps, random: random.split("dropout")) { step, mode in
      let batch = (0..<batchSize).map { passages[order[step * batchSize + $0].item] }
      let masking = masking(step)
      let padded = try PaddedRows(batch.map(\.tokens), on: device)
      let hidden = try MaskedTokens(
        padded.rows, units: batch.map(masking.units), share: masking.share, corruption: masking.corruption,
        maskToken: WordPieces.mask, vocabularySize: model.config.vocabularySize,
        random: random.split("masks").split(step),
        device: device)
      let logits = try model.logits(hidden.tokens, attended: padded.attended, places: hidden.places, mode)
      return try crossEntropy(logits, hidden.targets, reduction: .meanOverTokens, ignoring: ignoredTarget)
    } onStep: {
      try onStep($0, $1)
    }
  }
}

/// How many hidden words an encoder guesses, of which all pieces must be right: comparable between vocabularies.
struct MaskedWords {
  /// Passages in which one word is hidden.
  let passages: [WordPassage]

  /// A word a passage, of four letters or more; the same for every vocabulary that leaves no word out at the end.
  private func word(of passage: WordPassage, _ index: Int) -> Int? {
    let candidates = passage.spellings.indices.filter {
      passage.spellings[$0].count >= 4 && passage.spellings[$0].allSatisfy(\.isLetter)
    }
    if candidates.isEmpty { return nil }
    let draw = RandomKey(seed: 0).split("masked words").uniform(index)
    return candidates[Int(draw * Double(candidates.count))]
  }

  /// The share of hidden words that are guessed.
  func accuracy(_ model: MaskedLanguageModel, on device: Device) throws -> Double {
    let items = passages.enumerated().compactMap { index, passage in
      word(of: passage, index).map { (passage.tokens, passage.words[$0]) }
    }
    var right = 0
    try withGradients(.off) {
      for start in stride(from: 0, to: items.count, by: 64) {
        let part = Array(items[start..<min(start + 64, items.count)])
        let padded = try PaddedRows(
          part.map { tokens, word in
            tokens.enumerated().map { word.contains($0) ? WordPieces.mask : $1 }
          }, on: device)
        let length = padded.length
        let places = part.enumerated().flatMap { row, item in item.1.map { Int64(row * length + $0) } }
        let guesses: [Int64] = try model.logits(
          padded.tokens, attended: padded.attended,
          places: Tensor(places, [places.count]).moved(to: device), .inference
        ).argumentOfMaximum(-1).values()
        var at = 0
        for (tokens, word) in part {
          if guesses[at..<at + word.count].elementsEqual(tokens[word]) { right += 1 }
          at += word.count
        }
      }
    }
    return Double(right) / Double(max(1, items.count))
  }
}
