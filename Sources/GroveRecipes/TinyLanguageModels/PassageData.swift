import Foundation
import GroveCore
import GroveCorpus

/// The passages of both tasks, and those to pre-train on.
struct PassageData: Sendable {
  let classToken: Int64
  let maskToken: Int64
  let vocabularySize: Int
  /// Of the manual's training side, in the order of the corpus.
  let pretraining: [Passage]
  private let training: [PassageTask: [[Passage]]]
  private let test: [PassageTask: [[Passage]]]

  /// Reads both files, holds out three documents in ten, and trains the tokenizer on the others.
  /// - Throws: `GroveError` if a file is missing or there are too few passages.
  init(corpus: URL, _ config: TinyLanguageModelsConfig) throws {
    let split = try SplitRule(validationShare: 0.3, seed: 0)
    let manual = try RecipeTexts.documents(of: config.manual, in: corpus)
    let scripture = try RecipeTexts.documents(of: config.scripture, in: corpus)
    let learned = (manual + scripture).filter { split.split(of: $0.id) == .train }
    var cutter = try PassageCutter(learned, vocabularySize: config.vocabularySize, length: config.encoder.contextLength)
    classToken = cutter.classToken
    maskToken = cutter.maskToken
    vocabularySize = cutter.vocabularySize
    var training: [PassageTask: [[Passage]]] = [:]
    var test: [PassageTask: [[Passage]]] = [:]
    for (task, documents) in [(PassageTask.section, manual), (.books, scripture)] {
      let sides = Dictionary(grouping: documents) { split.split(of: $0.id) }
      training[task] = PassageData.byClass(cutter.passages(sides[.train] ?? []), task)
      test[task] = PassageData.byClass(cutter.passages(sides[.validation] ?? []), task).map {
        // Evenly, so that many documents have one.
        $0.spread(over: config.testPassagesPerClass)
      }
    }
    self.training = training
    self.test = test
    pretraining = cutter.passages(manual.filter { split.split(of: $0.id) == .train })
    try require(config)
  }

  private func require(_ config: TinyLanguageModelsConfig) throws {
    let needed = config.pretrainingSizes.last ?? 0
    guard pretraining.count >= needed else {
      throw GroveError(
        .argument, "pretrainingSizes", "\(config.manual) has \(pretraining.count) passages, \(needed) are asked for",
        remedy: "Ask for fewer, or give a larger corpus.")
    }
    for task in PassageTask.allCases {
      for (index, name) in task.classes.enumerated() {
        let (seen, held) = (training[task]?[index].count ?? 0, test[task]?[index].count ?? 0)
        guard seen >= config.examplesPerClass, held > 0 else {
          throw GroveError(
            .argument, "examplesPerClass",
            "the class \(name) has \(seen) passages to train on and \(held) held out; \(config.examplesPerClass) are asked for"
          )
        }
      }
    }
  }

  private static func byClass(_ passages: [Passage], _ task: PassageTask) -> [[Passage]] {
    var classes = [[Passage]](repeating: [], count: task.classes.count)
    for passage in passages { if let label = task.label(of: passage.document) { classes[label].append(passage) } }
    return classes
  }

  /// The passages that a seed pre-trains on; a smaller number is the beginning of a larger one.
  func pretraining(_ count: Int, random: RandomKey) -> [Passage] {
    let order = Permutation(count: pretraining.count, key: random.split("passages"))
    return (0..<count).map { pretraining[order[$0]] }
  }

  /// A seed's labelled passages.
  func labelled(_ task: PassageTask, perClass: Int, random: RandomKey) -> [(passage: Passage, label: Int)] {
    (training[task] ?? []).enumerated().flatMap { label, passages in
      let order = Permutation(count: passages.count, key: random.split("labelled").split(label))
      return (0..<perClass).map { (passages[order[$0]], label) }
    }
  }

  /// The held-out passages, the same for every seed.
  func heldOut(_ task: PassageTask) -> [(passage: Passage, label: Int)] {
    (test[task] ?? []).enumerated().flatMap { label, passages in passages.map { ($0, label) } }
  }

  /// How much of a task's text is made of the tokens that pre-training saw, as often as it saw them: Σ min(p, q) of the
  /// two distributions of tokens, 1 for equal ones.
  func overlap(_ task: PassageTask) -> Double {
    let task = PassageData.shares(heldOut(task).map(\.passage))
    let seen = PassageData.shares(pretraining)
    return task.reduce(0) { $0 + min($1.value, seen[$1.key] ?? 0) }
  }

  private static func shares(_ passages: [Passage]) -> [Int64: Double] {
    var counts: [Int64: Double] = [:]
    for passage in passages { for token in passage.tokens.dropFirst() { counts[token, default: 0] += 1 } }
    let total = counts.values.reduce(0, +)
    return counts.mapValues { $0 / total }
  }
}
