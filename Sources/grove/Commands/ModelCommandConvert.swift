import ArgumentParser
import Foundation
import GroveCore
import GroveModel
import GroveReport

struct ModelConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a model as a Hugging Face folder or as a GGUF file.",
    discussion: """
      Tensor by tensor: memory does not grow with the model. The result appears when it is whole. What the format cannot \
      say of the model is refused, not dropped.
      """)

  @Argument(help: "A folder with config.json and model.safetensors, or a .gguf file.") var model: String
  @Argument(help: "The folder or file to write; it must not be there yet.") var out: String
  @Option(help: "gguf or safetensors.") var format: ModelConversion.Format
  @Option(help: "float32, float16, bfloat16; for gguf q8_0 or q4_0 too.") var dtype: ModelConversion.WeightType
  @Flag(help: "Leave the tokenizer out.") var withoutTokenizer = false
  @Flag(help: "Print the tensors that would be written; write nothing.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let conversion = try ModelConversion(
      URL(filePath: model), to: format, dtype, tokenizer: withoutTokenizer ? .leftOut : .included)
    if dryRun { return show(conversion) }
    let progress = ProgressView(quiet: output.quiet)
    progress.begin("convert", total: conversion.tensors.count, unit: "tensors")
    try conversion.write(to: URL(filePath: out)) { progress.update($0) }
    progress.end()
    let (count, bytes) = (conversion.tensors.count, conversion.byteCount)
    output.show(
      "\(count) tensors of \(conversion.config.family.rawValue), \(NumberText.short(bytes)) bytes, in \(out)",
      json: [
        "out": .string(out), "format": .string(format.rawValue), "dtype": .string(dtype.rawValue),
        "tensors": .integer(count), "bytes": .integer(bytes),
      ])
  }

  private func show(_ conversion: ModelConversion) {
    var table = TextTable(("tensor", .left), ("shape", .left), ("type", .left), ("bytes", .right))
    for tensor in conversion.tensors { table.add(tensor.name, "\(tensor.shape)", tensor.type, "\(tensor.byteCount)") }
    output.show(
      "\(table.text)\n\(NumberText.short(conversion.byteCount)) bytes",
      json: [
        "tensors": .array(
          conversion.tensors.map {
            [
              "name": .string($0.name), "shape": .array($0.shape.map { .integer($0) }), "type": .string($0.type),
              "bytes": .integer($0.byteCount),
            ]
          }), "bytes": .integer(conversion.byteCount),
      ])
  }
}
