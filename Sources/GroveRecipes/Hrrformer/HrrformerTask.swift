import Foundation
import GroveCore
import GroveCorpus
import GroveTensor

/// Sequences and their classes, of which no two sides share one.
struct HrrformerTask: Sendable {
  /// Also the first part of an arm's name.
  enum Kind: String, CaseIterable, Sendable {
    case bytes
    case lists
  }

  let vocabulary: Int
  let length: Int
  let classes: Int
  /// The training example of a number.
  let example: @Sendable (_ index: Int, _ key: RandomKey) -> LabelledSequences.Item
  let heldOut: [LabelledSequences.Item]

  init(_ kind: Kind, _ config: HrrformerConfig, corpus: URL) throws {
    switch kind {
    case .bytes: try self.init(bytesOf: config, corpus: corpus)
    case .lists: self.init(listsOf: config)
    }
  }

  /// Which file a piece of text is from.
  private init(bytesOf config: HrrformerConfig, corpus: URL) throws {
    let split = try SplitRule(validationShare: 0.2, seed: 0)
    let (length, count) = (config.textLength, config.heldOutPerClass)
    var training: [[UInt8]] = []
    var heldOut: [LabelledSequences.Item] = []
    for (label, name) in config.kinds.enumerated() {
      let sides = try RecipeTexts.bytes(of: name, split: split, in: corpus)
      let (train, held) = (sides[.train] ?? [], sides[.validation] ?? [])
      guard train.count > length, held.count > length else {
        throw GroveError(
          .argument, "textLength", "\(name) has \(train.count) bytes to train on and \(held.count) held out",
          remedy: "Ask for shorter texts, or give a larger corpus.")
      }
      training.append(train)
      heldOut += (0..<count).map { index in
        let start = index * (held.count - length) / count
        return (held[start..<start + length].map(Int64.init), label)
      }
    }
    let texts = training
    self.init(vocabulary: 256, length: length, classes: texts.count, heldOut: heldOut) { index, key in
      let (label, text) = (index % texts.count, texts[index % texts.count])
      let start = Int(key.split("text").uniform(index) * Double(text.count - length))
      return (text[start..<start + length].map(Int64.init), label)
    }
  }

  /// The value of an expression.
  private init(listsOf config: HrrformerConfig) {
    let (length, depth) = (config.listLength, config.listDepth)
    let held = (0..<10 * config.heldOutPerClass).map { index in
      ListOperations.expression(length: length, depth: depth, RandomKey(seed: 0).split("held out").split(index))
    }
    let seen = Set(held.map(\.tokens))
    self.init(
      vocabulary: ListOperations.vocabulary, length: length, classes: 10, heldOut: held.map { ($0.tokens, $0.value) }
    ) { index, key in
      var made = ListOperations.expression(length: length, depth: depth, key.split("list").split(index))
      var again = 0
      while seen.contains(made.tokens) {
        again += 1
        made = ListOperations.expression(
          length: length, depth: depth, key.split("list").split(index).split("again").split(again))
      }
      return (made.tokens, made.value)
    }
  }

  private init(
    vocabulary: Int, length: Int, classes: Int, heldOut: [LabelledSequences.Item],
    example: @escaping @Sendable (_ index: Int, _ key: RandomKey) -> LabelledSequences.Item
  ) {
    (self.vocabulary, self.length, self.classes) = (vocabulary, length, classes)
    (self.heldOut, self.example) = (heldOut, example)
  }
}
