import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveDecode
import GroveModel
import GroveTensor
import GroveTokenizer

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a text.",
    discussion: "The text appears as it is made. The same seed gives the same text.")

  @Argument(help: "A folder with config.json, model.safetensors and tokenizer.json.") var model: String
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
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let device = hardware.device
    let sampler = try sampler()
    let folder = URL(filePath: model)
    let model = try ModelFolder.load(folder)
    let tokenizer = try Tokenizer(contentsOf: folder.appending(path: Tokenizer.fileName))
    try model.prepare(precision, training: false, device: device)
    let text = prompt == "-" ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : prompt
    let generation = try TextGeneration(
      model, tokenizer, endOfText: TokenizerIdentity(tokenizer).endOfText, prompt: text, sampler: sampler,
      random: RandomKey(seed: seed), maximumTokens: maxTokens, stops: stop)
    var written = ""
    var tokens: [JSONValue] = []
    while let piece = try generation.next() {
      written += piece.text
      if let token = piece.token {
        tokens.append(["id": .integer(token.id), "logProbability": .number(token.logProbability)])
      }
      if !output.json { FileHandle.standardOutput.write(Data(piece.text.utf8)) }
    }
    if output.json {
      output.show(
        "",
        json: [
          "prompt": .string(text), "text": .string(written), "tokens": .array(tokens),
          "finish": generation.finish.map { .string($0.rawValue) } ?? .null,
        ])
    } else {
      print()
    }
  }

  private func sampler() throws -> Sampler {
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
