public import GroveCore
import GroveModel
import GroveTensor
public import GroveTrain

/// How the segmenter is trained.
public struct CharacterSegmenterConfig: Config {
  /// Width of the residual stream, C.
  public var width = 64
  /// Blocks, L.
  public var layers = 2
  /// Heads of attention, H.
  public var heads = 4
  /// Segmented words that it learns from, at most.
  public var words = 20_000
  public var batchSize = 64
  public var steps = 1500
  public var training = ObjectiveTraining()

  public init() {}

  public func issues() -> [ConfigIssue] {
    ConfigIssue.notPositive(["words": words, "batchSize": batchSize, "steps": steps])
      + training.issues().under("training") + encoder.issues()
  }

  /// An id for a letter and both of its neighbours; id 0 is padding.
  var encoder: EncoderConfig {
    var encoder = EncoderConfig()
    encoder.family = .grove
    encoder.parts.placement = .before
    (encoder.vocabularySize, encoder.contextLength) = (27 * 27 * 27 + 1, CharacterSegmenter.longestWord)
    (encoder.width, encoder.layers, encoder.heads, encoder.feedForwardWidth) = (width, layers, heads, 4 * width)
    return encoder
  }
}

/// An encoder of letters that says of each whether a morpheme begins with it. It reads every letter with its neighbours,
/// where CANINE has a convolution.
struct CharacterSegmenter {
  /// Longer words, and such with other characters than a to z, stay whole.
  static let longestWord = 28

  private let model: TokenClassifier
  private let config: CharacterSegmenterConfig
  private let device: Device

  init(_ config: CharacterSegmenterConfig, random: RandomKey, device: Device) throws {
    self.config = config
    self.device = device
    model = try TokenClassifier(config.encoder, classes: 2, weights: .random(random.split("weights")))
    try model.prepare(.float32, training: true, device: device)
  }

  /// Learns from words with their parts.
  func train(
    _ words: [MedicalTexts.Segmentation], random: RandomKey, onStep: (_ step: Int, _ lossNats: Double) throws -> Void
  ) throws {
    let items = words.prefix(config.words).filter { Self.letters($0.word) != nil }
    let order = EpochOrder(count: items.count, key: random.split("order"))
    _ = try config.training.run(model, steps: config.steps, random: random.split("dropout")) { step, mode in
      let batch = (0..<config.batchSize).map { items[order[step * config.batchSize + $0].item] }
      let padded = try PaddedRows(batch.compactMap { Self.letters($0.word) }, on: device)
      let length = padded.length
      let labels = batch.flatMap { item -> [Int64] in
        let own = Self.beginnings(item.parts)
        return own + [Int64](repeating: Int64(ignoredTarget), count: length - own.count)
      }
      let logits = try model.logits(padded.tokens, attended: padded.attended, mode).reshaped(-1, 2)
      return try crossEntropy(
        logits, Tensor(labels, [labels.count]).moved(to: device), reduction: .meanOverTokens, ignoring: ignoredTarget)
    } onStep: {
      try onStep($0, $1)
    }
  }

  /// The parts of each word.
  func parts(of words: [String]) throws -> [[String]] {
    var parts = words.map { [$0] }
    let indices = words.indices.filter { Self.letters(words[$0]) != nil }
    try withGradients(.off) {
      for start in stride(from: 0, to: indices.count, by: 256) {
        let part = indices[start..<min(start + 256, indices.count)]
        let padded = try PaddedRows(part.compactMap { Self.letters(words[$0]) }, on: device)
        let length = padded.length
        let classes: [Int64] = try model.logits(padded.tokens, attended: padded.attended, .inference)
          .argumentOfMaximum(-1).values()
        for (row, index) in part.enumerated() {
          parts[index] = Self.cut(words[index], classes[row * length..<(row + 1) * length].map { $0 == 1 })
        }
      }
    }
    return parts
  }

  /// A word cut before each letter that begins a part; the first always does.
  static func cut(_ word: String, _ begins: [Bool]) -> [String] {
    var parts: [String] = []
    for (letter, begins) in zip(word, begins) {
      if begins || parts.isEmpty { parts.append("") }
      parts[parts.count - 1].append(letter)
    }
    return parts
  }

  /// 1 for each letter that begins a part.
  static func beginnings(_ parts: [String]) -> [Int64] {
    parts.flatMap { part in part.indices.map { $0 == part.startIndex ? 1 : 0 } }
  }

  /// An id from 1 for each letter with its neighbours; nil for a word that stays whole.
  static func letters(_ word: String) -> [Int64]? {
    let letters = word.utf8.map { Int64($0) - 96 }
    guard !letters.isEmpty, letters.count <= longestWord, letters.allSatisfy({ 1...26 ~= $0 }) else { return nil }
    return letters.indices.map { index in
      let (before, after) = (index == 0 ? 0 : letters[index - 1], index + 1 == letters.count ? 0 : letters[index + 1])
      return 1 + (before * 27 + letters[index]) * 27 + after
    }
  }
}
