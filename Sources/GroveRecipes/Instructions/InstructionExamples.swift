public import GroveCore
import GroveCorpus
import GroveModel
public import GroveTensor
public import GroveTokenizer

/// Instructions as tokens: those to tune on, and the held-out ones, whose lists no tuning ever sees.
public struct InstructionExamples: Sendable {
  public let config: InstructionConfig
  public let tokenizer: Tokenizer
  let lists: InstructionLists

  /// The id that stands before each prompt.
  public let endOfText: Int

  /// - Throws: `GroveError` if the tokenizer has no end-of-text.
  public init(_ config: InstructionConfig, tokenizer: Tokenizer) throws {
    self.config = config
    self.tokenizer = tokenizer
    lists = InstructionLists(config)
    endOfText = try TokenizerIdentity(tokenizer).endOfText
  }

  /// Whether a list is kept from every training.
  public func isHeldOut(_ letters: [String]) -> Bool { lists.isHeldOut(letters) }

  /// Prompt and response as tokens after an end-of-text.
  public func item(_ task: any Instruction, _ letters: [String]) -> GreedyMatch.Item {
    item(task.prompt(letters), task.response(letters))
  }

  /// A prompt and a response to it, right or wrong, in the same way.
  func item(_ prompt: String, _ response: String) -> GreedyMatch.Item {
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
    let given = [Int64(endOfText)] + encoder.encode(prompt).map { Int64($0) }
    return GreedyMatch.Item(tokens: given + encoder.encode(response).map { Int64($0) }, prefix: given.count)
  }

  /// The held-out questions of a task; no list comes twice.
  public func tests(_ task: any Instruction) -> [GreedyMatch.Item] {
    var (seen, items, index): (Set<[String]>, [GreedyMatch.Item], Int) = ([], [], 0)
    while items.count < config.tests {
      let letters = lists.list(lists.key.split("tests").split(task.name).split(index), heldOut: true)
      if seen.insert(letters).inserted { items.append(item(task, letters)) }
      index += 1
    }
    return items
  }

  /// The batch of a step, the tasks in turn: inputs `[B, T]`, and targets that ignore all but the responses.
  /// - Parameter seed: of the lists; the sample number i of a tuning is the same for every batch size.
  public func batch(
    _ tasks: [any Instruction], step: Int, seed: RandomKey, device: Device
  ) throws -> (inputs: Tensor, targets: Tensor) {
    let items = (0..<config.batchSize).map { row in
      let sample = step * config.batchSize + row
      return item(tasks[sample % tasks.count], lists.list(seed.split(sample), heldOut: false))
    }
    let length = (items.map(\.tokens.count).max() ?? 1) - 1
    var inputs = [Int64](repeating: Int64(endOfText), count: items.count * length)
    var targets = [Int64](repeating: Int64(ignoredTarget), count: items.count * length)
    for (row, item) in items.enumerated() {
      for place in 0..<item.tokens.count - 1 {
        inputs[row * length + place] = item.tokens[place]
        if place + 1 >= item.prefix { targets[row * length + place] = item.tokens[place + 1] }
      }
    }
    let shape = [items.count, length]
    return (try Tensor(inputs, shape).moved(to: device), try Tensor(targets, shape).moved(to: device))
  }
}
