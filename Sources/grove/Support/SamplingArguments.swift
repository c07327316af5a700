import ArgumentParser
import Foundation
import GroveDecode

/// What is continued, how far, and how tokens are drawn.
struct SamplingArguments: ParsableArguments {
  @Option(name: .shortAndLong, help: "What to continue; nothing starts a document. '-' reads standard input.")
  var prompt = ""
  @Option(help: "Tokens to make at most.") var maxTokens = 128
  @Option(help: "0 takes the likeliest token every time: only the repetition penalty can change it.") var temperature =
    1.0
  @Option(help: "Draw from so many of the likeliest tokens; 0 from all.") var topK = 0
  @Option(help: "Draw from the likeliest tokens that together have this probability.") var topP = 1.0
  @Option(help: "Leave out tokens below this share of the likeliest one's probability.") var minP = 0.0
  @Option(help: "Divide the scores of tokens that the text already has; 1 does nothing.") var repetitionPenalty = 1.0
  @Option(help: "A string that ends the text and is not printed; may be repeated.") var stop: [String] = []
  @Option(help: "Of the draws.") var seed: UInt64 = 0

  /// The prompt, read from standard input where it is '-'.
  func text() -> String {
    prompt == "-" ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : prompt
  }

  func sampler() throws -> Sampler {
    var options = SamplingOptions()
    // Greedy decoding has no temperature; what else was asked for must still make sense.
    if temperature != 0 { options.temperature = temperature }
    options.topK = topK
    options.topP = topP
    options.minP = minP
    options.repetitionPenalty = repetitionPenalty
    let drawing = try Sampler.drawing(options)
    return temperature == 0 ? try .greedy(repetitionPenalty: repetitionPenalty) : drawing
  }
}
