import ArgumentParser
import Foundation
import GroveCore
import GroveModel
import GroveReport
import GroveTensor

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Look into models, and convert them.",
    subcommands: [
      ModelInspectCommand.self, ModelLogitsCommand.self, ModelAttentionCommand.self, ModelConvertCommand.self,
    ])
}

struct ModelInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "List a model's shape and tensors, with the mean and deviation of each.")

  @Argument(help: "A folder with config.json and model.safetensors, or a .gguf file.") var model: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let stored = try ModelFolder.open(URL(filePath: model))
    let model = stored.module
    let config: any Config =
      switch stored {
      case .decoder(let model): model.config
      case .encoderDecoder(let model): model.config
      case .masked(let model): model.config
      }
    var table = TextTable(("tensor", .left), ("shape", .left), ("mean", .right), ("deviation", .right))
    var list: [JSONValue] = []
    for tensor in try model.storedTensors() {
      let values = try tensor.stored().values(as: Float.self)
      let mean = values.reduce(0) { $0 + Double($1) } / Double(max(values.count, 1))
      let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(max(values.count, 1))
      table.add(tensor.name, "\(tensor.shape)", NumberText.fixed(mean, 5), NumberText.fixed(variance.squareRoot(), 5))
      list.append([
        "name": .string(tensor.name), "shape": .array(tensor.shape.map { .integer($0) }), "mean": .number(mean),
        "deviation": .number(variance.squareRoot()),
      ])
    }
    let count = try model.parameterCount()
    try output.show(
      "\(try config.yaml())\n\(table.text)\n\(NumberText.short(count)) parameters",
      json: ["config": try config.json(), "parameters": .integer(count), "tensors": .array(list)])
  }
}

struct ModelLogitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits", abstract: "Write a model's logits for given ids as safetensors.")

  @Argument(help: "A folder with config.json and model.safetensors, or a .gguf file.") var model: String
  @Option(help: "JSON file: a list of equally long lists of ids.") var ids: String
  @Option(help: "The same for the decoder of an encoder-decoder, whose encoder then reads --ids.")
  var decoderIds: String?
  @Option(help: "Safetensors file to write; its tensor is 'logits', float32, [B, T, V].") var out: String
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let stored = try ModelFolder.open(URL(filePath: model))
    let tokens = try read(ids, vocabularySize: stored.vocabularySize)
    let decoderTokens = try decoderIds.map { try read($0, vocabularySize: stored.vocabularySize) }
    if case .encoderDecoder = stored {
      guard let decoderTokens else {
        throw GroveError(
          .argument, "--decoder-ids", "\(model) is an encoder-decoder", remedy: "Name the ids that its decoder reads.")
      }
      guard decoderTokens.size(0) == tokens.size(0) else {
        throw GroveError(
          .argument, "--decoder-ids", "\(decoderTokens.size(0)) lists for the \(tokens.size(0)) of --ids")
      }
    } else if decoderTokens != nil {
      throw GroveError(.argument, "--decoder-ids", "\(model) has no decoder apart", remedy: "Leave it out.")
    }
    try stored.module.prepare(precision, training: false, device: hardware.device)
    let logits = try withGradients(.off) {
      switch stored {
      case .decoder(let model): try model.logits(tokens, ForwardPass(.inference))
      case .masked(let model): try model.logits(tokens, attended: nil, .inference)
      case .encoderDecoder(let model):
        try model.logits(decoderTokens ?? tokens, reading: model.encoded(tokens, .inference), .inference)
      }
    }.moved(to: .cpu)
    try SafetensorsWriter.write([.init("logits", logits)], to: URL(filePath: out))
    output.show(
      "logits \(logits.shape) in \(out)",
      json: ["shape": .array(logits.shape.map { .integer($0) }), "file": .string(out)])
  }

  /// The ids of a file, `[B, T]`, where the model runs.
  private func read(_ file: String, vocabularySize: Int) throws -> Tensor {
    let json = try JSONValue(contentsOf: URL(filePath: file))
    let rows = (json.arrayValue ?? []).map { $0.arrayValue?.map(\.integerValue) ?? [] }
    let known = rows.map { $0.compactMap { $0.map(Int64.init) } }
    guard let first = rows.first, !first.isEmpty, known.allSatisfy({ $0.count == first.count }),
      rows.allSatisfy({ $0.count == first.count })
    else { throw GroveError(.format, file, "is not a list of equally long lists of ids") }
    if let wrong = known.joined().first(where: { !(0..<Int64(vocabularySize)).contains($0) }) {
      throw GroveError(.format, file, "the id \(wrong) is outside 0..<\(vocabularySize)")
    }
    return try Tensor(known.flatMap { $0 }, [known.count, first.count]).moved(to: hardware.device)
  }
}
