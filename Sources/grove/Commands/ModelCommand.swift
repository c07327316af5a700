import ArgumentParser
import Foundation
import GroveCore
import GroveModel
import GroveReport
import GroveTensor

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Look into models.",
    subcommands: [ModelInspectCommand.self, ModelLogitsCommand.self])
}

struct ModelInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "List a model's shape and tensors, with the mean and deviation of each.")

  @Argument(help: "A folder with config.json and model.safetensors.") var model: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try ModelFolder.load(URL(filePath: model))
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
      "\(try model.config.yaml())\n\(table.text)\n\(NumberText.short(count)) parameters",
      json: ["config": try model.config.json(), "parameters": .integer(count), "tensors": .array(list)])
  }
}

struct ModelLogitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits", abstract: "Write a model's logits for given ids as safetensors.")

  @Argument(help: "A folder with config.json and model.safetensors.") var model: String
  @Option(help: "JSON file: a list of equally long lists of ids.") var ids: String
  @Option(help: "Safetensors file to write; its tensor is 'logits', float32, [B, T, V].") var out: String
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let device = hardware.device
    let model = try ModelFolder.load(URL(filePath: model))
    let rows = try readIds(vocabularySize: model.config.vocabularySize)
    try model.prepare(precision, training: false, device: device)
    let tokens = try Tensor(rows.flatMap { $0 }, [rows.count, rows[0].count]).moved(to: device)
    let logits = try withGradients(.off) { try model.logits(tokens, ForwardPass(.inference)).moved(to: .cpu) }
    try SafetensorsWriter.write([.init("logits", logits)], to: URL(filePath: out))
    output.show(
      "logits \(logits.shape) in \(out)",
      json: ["shape": .array(logits.shape.map { .integer($0) }), "file": .string(out)])
  }

  private func readIds(vocabularySize: Int) throws -> [[Int64]] {
    let json = try JSONValue(contentsOf: URL(filePath: ids))
    let rows = (json.arrayValue ?? []).map { $0.arrayValue?.map(\.integerValue) ?? [] }
    let known = rows.map { $0.compactMap { $0.map(Int64.init) } }
    guard let first = rows.first, !first.isEmpty, known.allSatisfy({ $0.count == first.count }),
      rows.allSatisfy({ $0.count == first.count })
    else { throw GroveError(.format, ids, "is not a list of equally long lists of ids") }
    if let wrong = known.joined().first(where: { !(0..<Int64(vocabularySize)).contains($0) }) {
      throw GroveError(.format, ids, "the id \(wrong) is outside 0..<\(vocabularySize)")
    }
    return known
  }
}
