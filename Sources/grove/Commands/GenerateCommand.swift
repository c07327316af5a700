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

  @Argument(help: "A folder with config.json, model.safetensors and tokenizer.json, or a .gguf file.") var model: String
  @OptionGroup var continued: PromptArgument
  @OptionGroup var sampling: SamplingArguments
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let device = hardware.device
    let sampler = try sampling.sampler()
    let folder = URL(filePath: model)
    let model = try ModelFolder.load(folder)
    let tokenizer = try Tokenizer(ofModel: folder)
    try model.prepare(precision, training: false, device: device)
    let text = continued.text()
    let generation = try TextGeneration(
      model, tokenizer, endOfText: TokenizerIdentity(tokenizer).endOfText, prompt: text, sampler: sampler,
      random: RandomKey(seed: sampling.seed), maximumTokens: sampling.mostTokens, stops: sampling.stop)
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
}
