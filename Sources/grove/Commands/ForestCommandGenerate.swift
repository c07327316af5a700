import ArgumentParser
import Foundation
import GroveCore
import GroveDecode
import GroveForest
import GroveReport

struct ForestGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a text with a forest, and name the experts that spoke.")

  @OptionGroup var place: ForestOption
  @Option(help: "How the experts are weighed, as in 'grove forest eval'.") var mode = "posterior"
  @Option(help: "T of weights by distance.") var distanceTemperature = 0.1
  @Option(help: "The domain of the text, for the mode 'oracle'.") var domain: String?
  @OptionGroup var continued: PromptArgument
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var use: ForestUseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let forest = try use.open(place.forest)
    let rule = try forest.rule(ForestMode(parsing: mode), temperature: distanceTemperature)
    let scorer = try MixtureScorer(forest.pool, rule: rule, distances: forest.distances, domain: domain)
    let prompt = continued.text()
    let generation = try MixtureGeneration(
      scorer, forest.pool, prompt: prompt, sampler: sampling.sampler(), random: RandomKey(seed: sampling.seed),
      maximumTokens: sampling.mostTokens, stops: sampling.stop)
    var text = ""
    var tokens: [JSONValue] = []
    while let piece = try generation.next() {
      text += piece.text
      if let expert = piece.expert, let token = piece.token {
        tokens.append([
          "id": .integer(token.id), "logProbability": .number(token.logProbability), "expert": .string(expert),
          "weights": .array(piece.weights.map { .number($0) }),
        ])
      }
      if !output.json { FileHandle.standardOutput.write(Data(piece.text.utf8)) }
    }
    let leaders = generation.leaders
    if output.json {
      output.show(
        "",
        json: [
          "prompt": .string(prompt), "text": .string(text), "experts": .array(forest.pool.names.map { .string($0) }),
          "tokens": .array(tokens),
          "leaders": .object(leaders.map { ($0.expert, .integer($0.tokens)) }),
          "finish": generation.finish.map { .string($0.rawValue) } ?? .null,
        ])
    } else {
      print()
      let total = max(leaders.reduce(0) { $0 + $1.tokens }, 1)
      Terminal.note(
        "answered by " + leaders.map { "\($0.expert) \(100 * $0.tokens / total)%" }.joined(separator: ", "))
    }
  }
}
