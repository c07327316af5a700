import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveRecipes
import GroveTokenizer
import Testing

@Suite("Instructions")
struct InstructionTests {
  private static let letters = ["d", "b", "k"]

  /// Bytes only: a token is a byte.
  private static func examples(_ change: (inout InstructionConfig) -> Void = { _ in }) throws -> InstructionExamples {
    var config = InstructionConfig()
    change(&config)
    var trainer = try BytePairTrainer(
      .init(
        vocabularySize: 257, minimumFrequency: 2, specialTokens: [CorpusTokenizer.endOfText], preTokenizer: .gpt2,
        malformed: .replacing, wordMemoryBytes: 1 << 20))
    trainer.count(Array("some text".utf8))
    let tokenizer = trainer.train { _, _ in }
    let end = try #require(tokenizer.id(ofAddedToken: CorpusTokenizer.endOfText))
    return try InstructionExamples(config, tokenizer: tokenizer.assigning([.ending: end, .beginning: end]))
  }

  @Test(
    "Answers worked by hand",
    arguments: zip(
      InstructionTask.allCases,
      [
        "d b k", "D B K", "k b d", "d", "k", "3", "b d k", "d-b-k", "\"d b k\"", "[\"d\", \"b\", \"k\"]", "d d b b k k",
        "d b k!",
      ]))
  func answers(task: InstructionTask, answer: String) {
    #expect(task.answer(Self.letters) == answer)
    #expect(task.prompt(Self.letters) == "\(task.rawValue): d b k\n=")
    #expect(task.response(Self.letters) == " \(answer)\n")
    let number = 1 + (InstructionTask.allCases.firstIndex(of: task) ?? 0)
    #expect(task.practice(Self.letters) == "rule \(number), d b k > \(answer)\n")
  }

  @Test("The answer as JSON is the list")
  func json() throws {
    let value = try JSONValue(parsing: Array(InstructionTask.json.answer(Self.letters).utf8), at: "answer")
    #expect(value.arrayValue?.compactMap(\.stringValue) == Self.letters)
  }

  @Test("Only responses have targets, and the batch reads what a question holds")
  func batch() throws {
    let examples = try Self.examples { $0.batchSize = 6 }
    let tasks: [InstructionTask] = [.first, .json]
    let (inputs, targets) = try examples.batch(tasks, step: 3, seed: RandomKey(seed: 1), device: .cpu)
    let (rows, length) = (inputs.size(0), inputs.size(1))
    let (ids, wanted) = (try inputs.values(as: Int64.self), try targets.values(as: Int64.self))
    for row in 0..<rows {
      let range = row * length..<(row + 1) * length
      let text = try examples.tokenizer.decodeText(
        wanted[range].filter { $0 != Int64(ignoredTarget) }.map { UInt32($0) }, specialTokens: .keeping)
      let prompt = try examples.tokenizer.decodeText(
        ids[range].dropFirst().prefix { $0 != Int64(examples.endOfText) }.map { UInt32($0) }, specialTokens: .keeping)
      let list = prompt.split(separator: "\n")[0].split(separator: " ").dropFirst().map(String.init)
      #expect(!list.isEmpty && text == tasks[row % 2].response(list))
      #expect(!examples.isHeldOut(list), "\(list) is kept from tuning")
    }
  }

  @Test("Questions are held out, differ from each other, and are the same every time")
  func questions() throws {
    let examples = try Self.examples { $0.tests = 50 }
    for task in [InstructionTask.echo, .count] {
      let items = examples.tests(task)
      #expect(items.count == 50 && Set(items.map(\.tokens)).count == 50)
      #expect(items.map(\.tokens) == examples.tests(task).map(\.tokens))
      for item in items {
        let text = try examples.tokenizer.decodeText(
          item.tokens[1..<item.prefix].map { UInt32($0) }, specialTokens: .keeping)
        let list = text.split(separator: "\n")[0].split(separator: " ").dropFirst().map(String.init)
        #expect(examples.isHeldOut(list) && Set(list).count == list.count && (2...4).contains(list.count))
      }
    }
  }

  @Test("A config without lists to make is refused by its field")
  func refusals() {
    var config = InstructionConfig()
    (config.letters, config.shortest, config.longest, config.steps) = (30, 5, 4, 0)
    #expect(
      config.issues().map { "\($0.field): \($0.problem)" } == [
        "steps: 0 is not positive", "letters: 30 is outside 1...26",
        "longest: there are no lists of 5 to 4 of 30 letters",
      ])
  }
}
