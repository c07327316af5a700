import ArgumentParser
import Foundation
import GroveDecode

/// How far a text goes on, and how its tokens are drawn.
struct SamplingArguments: ParsableArguments {
  @Option(help: "Tokens to make at most; 128, or in a chat as many as the context has.") var maxTokens: Int?
  @Option(help: "0 takes the likeliest token every time: only the repetition penalty can change it.") var temperature =
    1.0
  @Option(help: "Draw from so many of the likeliest tokens; 0 from all.") var topK = 0
  @Option(help: "Draw from the likeliest tokens that together have this probability.") var topP = 1.0
  @Option(help: "Leave out tokens below this share of the likeliest one's probability.") var minP = 0.0
  @Option(help: "Divide the scores of tokens that the text already has; 1 does nothing.") var repetitionPenalty = 1.0
  @Option(help: "A string that ends the text and is not printed; may be repeated.") var stop: [String] = []
  @Option(help: "Of the draws.") var seed: UInt64 = 0

  /// Tokens of a text that nothing else ends.
  var mostTokens: Int { maxTokens ?? 128 }

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
