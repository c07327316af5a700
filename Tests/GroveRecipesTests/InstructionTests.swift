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

  private static func text(_ tokens: ArraySlice<Int64>, _ examples: InstructionExamples) throws -> String {
    try examples.tokenizer.decodeText(tokens.map { UInt32($0) }, specialTokens: .keeping)
  }

  @Test("A templated task is asked in words of its language, worked by hand")
  func templates() {
    func prompt(
      _ task: InstructionTask, _ language: TemplatedTask.Language, _ template: TemplatedTask.Template
    ) -> String {
      let asked = TemplatedTask(task, in: language, by: template)
      #expect(asked.response(Self.letters) == task.response(Self.letters))
      return asked.prompt(Self.letters)
    }
    #expect(prompt(.sort, .en, .before) == "sort: d b k\n=")
    #expect(prompt(.sort, .es, .before) == "ordenar: d b k\n=")
    #expect(prompt(.last, .ru, .after) == "d b k (последний)\n=")
    #expect(prompt(.json, .fr, .after) == "d b k (json)\n=")
  }

  @Test("Within a language every task has a word of its own")
  func words() {
    for language in TemplatedTask.Language.allCases {
      let words = InstructionTask.allCases.map { TemplatedTask($0, in: language, by: .before).word }
      #expect(Set(words).count == words.count, "\(language)")
    }
  }

  @Test("Four options follow one prompt, the first is right, and the others answer other held-out lists as long")
  func choicesAmongLists() throws {
    let examples = try Self.examples { $0.tests = 30 }
    let questions = examples.choicesAmongLists(InstructionTask.exclaim)
    #expect(questions.count == 30)
    for options in questions {
      let prompts = try Set(options.map { try Self.text($0.tokens[1..<$0.prefix], examples) })
      let responses = try options.map { try Self.text($0.tokens[$0.prefix...], examples) }
      let line = try #require(prompts.first).split(separator: "\n")[0]
      let list = line.split(separator: " ").dropFirst().map(String.init)
      #expect(prompts.count == 1 && responses.count == 4 && Set(responses).count == 4)
      #expect(responses[0] == InstructionTask.exclaim.response(list) && examples.isHeldOut(list))
      for response in responses {
        let other = response.dropFirst().dropLast(2).split(separator: " ").map(String.init)
        #expect(other.count == list.count && examples.isHeldOut(other))
      }
    }
  }

  @Test("Options among tasks are answers of the other tasks to the same list")
  func choicesAmongTasks() throws {
    let examples = try Self.examples { $0.tests = 30 }
    let others: [InstructionTask] = [.echo, .sort, .dash, .json, .exclaim, .upper]
    for options in examples.choicesAmongTasks(InstructionTask.sort, others) {
      let prompt = try Self.text(options[0].tokens[1..<options[0].prefix], examples)
      let responses = try options.map { try Self.text($0.tokens[$0.prefix...], examples) }
      let list = prompt.split(separator: "\n")[0].split(separator: " ").dropFirst().map(String.init)
      #expect(Set(responses).count == 4 && responses[0] == InstructionTask.sort.response(list))
      #expect(Set(responses).isSubset(of: others.map { $0.response(list) }))
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
