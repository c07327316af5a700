import Foundation
import GroveCore
import GroveCorpus
import GroveTokenizer

/// A question with its answer, as ids.
struct TextExample: Sendable {
  /// As many as every other question has: cut off, or padded at the end.
  let question: [Int64]
  /// The end of an answer comes last.
  let answer: [Int64]
}

/// The passages and the tasks, in the ids of one tokenizer.
struct TextToTextData: Sendable {
  let vocabularySize: Int
  /// In front of what is written, and behind an answer.
  let end: Int64
  let padding: Int64
  let sentinels: [Int64]
  /// Passages of the training side, by whether they were cleaned.
  let cleaned: [[Int64]]
  let uncleaned: [[Int64]]
  /// What the cleaning did, and whether it did what it says.
  let cleaningFigures: [String: Double]
  private let training: [TextTask: [TextExample]]
  private let heldOut: [TextTask: [TextExample]]

  /// Reads the files, holds out three documents in ten, learns the tokenizer on the others, and cleans them.
  /// - Throws: `GroveError` if a file is missing or there are too few examples.
  init(corpus: URL, _ config: TextToTextConfig) throws {
    let split = try SplitRule(validationShare: 0.3, seed: 0)
    var sides: [Split: [Document]] = [:]
    for name in config.files {
      for document in try RecipeTexts.documents(of: name, in: corpus) {
        sides[split.split(of: document.id), default: []].append(document)
      }
    }
    let learned = sides[.train] ?? []
    let names = (0...config.corruption.hidden(of: config.length).spans).map { "<X\($0)>" }
    let tokenizer = try Tokenizer.learned(
      from: learned, vocabularySize: config.vocabularySize, specialTokens: [CorpusTokenizer.endOfText, "<pad>"] + names)
    func id(_ name: String) -> Int64 {
      guard let id = tokenizer.id(ofAddedToken: name) else { preconditionFailure("the tokenizer lost \(name)") }
      return Int64(id)
    }
    (vocabularySize, end, padding) = (tokenizer.vocabularySize, id(CorpusTokenizer.endOfText), id("<pad>"))
    sentinels = names.map(id)
    var cutter = TextCutter(tokenizer, length: config.length, padding: padding, end: end)
    let pages = CleanedPages(learned, config.cleaning)
    (cleaned, cleaningFigures) = (cutter.passages(pages.texts), pages.figures)
    uncleaned = cutter.passages(learned.map(\.text))
    guard !cleaned.isEmpty else {
      throw GroveError(.argument, "cleaning", "leaves nothing of the corpus", remedy: "Ask for less of a page.")
    }
    var examples: [Split: [TextTask: [TextExample]]] = [:]
    for (side, count) in [(Split.train, config.examples), (.validation, config.heldOutExamples)] {
      for task in TextTask.allCases {
        examples[side, default: [:]][task] = try cutter.examples(
          task, sides[side] ?? [], count: count, answerLength: config.answerLength)
      }
    }
    (training, heldOut) = (examples[.train] ?? [:], examples[.validation] ?? [:])
  }

  /// The examples of a task, the same for every arm and seed.
  func examples(_ task: TextTask, _ side: Split) -> [TextExample] {
    (side == .train ? training : heldOut)[task] ?? []
  }
}

/// What is left of some documents by the rules of C4.
private struct CleanedPages {
  var texts: [[UInt8]] = []
  var figures: [String: Double] = [:]

  init(_ documents: [Document], _ cleaning: PageCleaning) {
    var repeated = RepeatedSpans()
    var removed: [PageCleaning.Reason: Int] = [:]
    for document in documents {
      switch cleaning.cleaned(document.text) {
      case .removed(let reason): removed[reason, default: 0] += 1
      case .kept(let text): if let text = repeated.filtered(text) { texts.append(text) }
      }
    }
    func bytes(_ texts: [[UInt8]]) -> Double { Double(texts.reduce(0) { $0 + $1.count }) }
    figures["bytes before cleaning"] = bytes(documents.map(\.text))
    figures["bytes after cleaning"] = bytes(texts)
    for reason in PageCleaning.Reason.allCases { figures["pages: \(reason.rawValue)"] = Double(removed[reason] ?? 0) }
    // Read once more, in another way: every line ends with a mark and something that closes, and no page has a brace.
    let lines = texts.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
    figures["lines"] = Double(lines.count)
    figures["lines against the rules"] = Double(
      lines.count { $0.contains("{") || !(".!?\"')]”’»".contains($0.last ?? " ")) })
  }
}

/// Cuts texts into passages, questions and answers.
private struct TextCutter {
  private var encoder: TokenEncoder
  private let length: Int
  private let padding: Int64
  private let end: Int64

  init(_ tokenizer: Tokenizer, length: Int, padding: Int64, end: Int64) {
    encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
    (self.length, self.padding, self.end) = (length, padding, end)
  }

  private mutating func ids(_ text: String) -> [Int64] { encoder.encode(text).map { Int64($0) } }

  /// Whole passages of all texts, one text behind the other.
  mutating func passages(_ texts: [[UInt8]]) -> [[Int64]] {
    let ids = texts.flatMap { encoder.encode($0).map { Int64($0) } + [end] }
    return (0..<ids.count / length).map { Array(ids[$0 * length..<($0 + 1) * length]) }
  }

  /// So many examples of a task, evenly over its classes and over the documents.
  mutating func examples(
    _ task: TextTask, _ documents: [Document], count: Int, answerLength: Int
  ) throws -> [TextExample] {
    let names = [TextTask.words: "dictionary", .books: "scripture"]
    let own = documents.filter { $0.domain == names[task, default: "manual-en"] }.flatMap(task.examples)
    let groups = task.classes.isEmpty ? [own] : task.classes.map { name in own.filter { $0.answer == name } }
    let share = count / groups.count
    var examples: [TextExample] = []
    for (index, group) in groups.enumerated() {
      guard group.count >= share, share > 0 else {
        throw GroveError(
          .argument, "examples",
          "the task \(task.rawValue) has \(group.count) of class \(index + 1), \(share) are asked for",
          remedy: "Ask for fewer, or give a larger corpus.")
      }
      examples += group.spread(over: share).map { example(task, $0, answerLength) }
    }
    return examples
  }

  private mutating func example(
    _ task: TextTask, _ item: (question: String, answer: String), _ answerLength: Int
  ) -> TextExample {
    // What cannot be seen need not be encoded.
    let question = ids(task.prefix + item.question.prefix(16 * length)).prefix(length)
    return TextExample(
      question: question + [Int64](repeating: padding, count: length - question.count),
      answer: ids(item.answer).prefix(answerLength - 1) + [end])
  }
}
