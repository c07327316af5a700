public import GroveCore
import GroveModel
import GroveTensor
public import GroveTrain

/// How an encoder is fine-tuned to find names, and on how much.
public struct SpanRecognitionConfig: Config {
  /// Labelled lines to learn from.
  public var sentences = 300
  /// Held-out lines.
  public var tests = 1000
  public var epochs = 6
  public var batchSize = 16
  public var training = ObjectiveTraining()

  public init() {}

  public func issues() -> [ConfigIssue] {
    ConfigIssue.notPositive(["sentences": sentences, "tests": tests, "epochs": epochs, "batchSize": batchSize])
      + training.issues().under("training")
  }

  /// Steps of a fine-tuning.
  var steps: Int { (sentences + batchSize - 1) / batchSize * epochs }
}

/// Lines with the names of a dictionary in them, and how well a fine-tuned encoder finds them.
struct SpanRecognition: Sendable {
  /// A line and the names in it.
  struct Sentence: Sendable {
    let words: [String]
    let spans: [NameSpans.Span]
  }

  let config: SpanRecognitionConfig
  let training: [Sentence]
  let tests: [Sentence]
  /// Kinds of names.
  let kinds: Int

  /// Picks lines that have a name and a word outside of names, evenly over all.
  /// - Throws: `GroveError` with code `.argument` if there are too few.
  init(
    _ config: SpanRecognitionConfig, dictionary: [[String]], training: [[String]], heldOut: [[String]], words limit: Int
  ) throws {
    self.config = config
    kinds = dictionary.count
    let names = NameSpans(dictionary)
    func pick(_ lines: [[String]], _ count: Int, _ field: String) throws -> [Sentence] {
      let all = lines.lazy.filter { $0.count <= limit }.map { Sentence(words: $0, spans: names.spans(in: $0)) }.filter {
        let covered = $0.spans.reduce(0) { $0 + $1.words.count }
        return covered > 0 && covered < $0.words.count
      }
      let sentences = Array(all)
      guard sentences.count >= count else {
        throw GroveError(
          .argument, field, "\(count) lines with names are asked for, and there are \(sentences.count)",
          remedy: "Ask for fewer, or give a larger corpus.")
      }
      return sentences.spread(over: count)
    }
    self.training = try pick(training, config.sentences, "spans.sentences")
    tests = try pick(heldOut, config.tests, "spans.tests")
  }

  /// Fine-tunes an encoder's copy and gives the F1 of the names in the held-out lines.
  func f1(
    from encoder: BERT, _ vocabulary: WordPieces, random: RandomKey, device: Device
  ) throws -> Double {
    let model = try TokenClassifier(encoder.config, classes: 2 * kinds + 1, weights: .random(random.split("weights")))
    try model.prepare(.float32, training: true, device: device)
    try model.encoder.copyParameters(from: encoder)
    let items = passages(training, vocabulary, encoder.config.contextLength)
    let order = EpochOrder(count: items.count, key: random.split("order"))
    _ = try config.training.run(model, steps: config.steps, random: random.split("dropout")) { step, mode in
      let batch = (0..<config.batchSize).map { items[order[step * config.batchSize + $0].item] }
      let labels = batch.flatMap { SpanTags.tags($0.sentence.spans, count: $0.passage.words.count).map(Int64.init) }
      return try crossEntropy(
        logits(batch.map(\.passage), model, mode, device), Tensor(labels, [labels.count]).moved(to: device),
        reduction: .meanOverTokens, ignoring: ignoredTarget)
    }
    return try judged(model, passages(tests, vocabulary, encoder.config.contextLength), device)
  }

  private func passages(
    _ sentences: [Sentence], _ vocabulary: WordPieces, _ length: Int
  ) -> [(passage: WordPassage, sentence: Sentence)] {
    zip(sentences, vocabulary.encode(sentences.map(\.words))).map { sentence, ids in
      (WordPassage(line: sentence.words, ids, length: length), sentence)
    }
  }

  private func judged(
    _ model: TokenClassifier, _ items: [(passage: WordPassage, sentence: Sentence)], _ device: Device
  ) throws -> Double {
    var found: [[NameSpans.Span]] = []
    try withGradients(.off) {
      for start in stride(from: 0, to: items.count, by: 64) {
        let part = items[start..<min(start + 64, items.count)].map(\.passage)
        let tags: [Int64] = try logits(part, model, .inference, device).argumentOfMaximum(-1).values()
        var at = 0
        for passage in part {
          found.append(SpanTags.spans(tags[at..<at + passage.words.count].map { Int($0) }))
          at += passage.words.count
        }
      }
    }
    return SpanTags.f1(found: found, of: items.map(\.sentence.spans))
  }

  /// Scores of the classes at the first piece of every word, `[N, K]`.
  private func logits(
    _ passages: [WordPassage], _ model: TokenClassifier, _ mode: Mode, _ device: Device
  ) throws -> Tensor {
    let padded = try PaddedRows(passages.map(\.tokens), on: device)
    let length = padded.length
    let places = passages.enumerated().flatMap { row, passage in
      passage.words.map { Int64(row * length + $0.lowerBound) }
    }
    return try model.logits(padded.tokens, attended: padded.attended, mode).reshaped(-1, 2 * kinds + 1)
      .indexed(0, Tensor(places, [places.count]).moved(to: device))
  }
}
