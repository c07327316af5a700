import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("grove model convert")
struct ConvertCommandTests {
  private let source = Fixtures.url("models/llama-tied").path

  @Test("A folder becomes a GGUF file, every command on models takes it, and a folder again")
  func thereAndBack() throws {
    try GroveTool.with { tool in
      let dry = try tool(
        "model", "convert", source, "m.gguf", "--format", "gguf", "--dtype", "float32", "--without-tokenizer",
        "--dry-run", "--json")
      #expect(dry.code == 0 && !FileSystem.exists(tool.path("m.gguf")))
      let done = try tool(
        "model", "convert", source, "m.gguf", "--format", "gguf", "--dtype", "float32", "--without-tokenizer",
        "--quiet", "--json")
      #expect(try done.json["bytes"] == dry.json["bytes"], "\(done.errors)")
      #expect(try done.json["out"] == "m.gguf")
      let inspected = try tool("model", "inspect", "m.gguf", "--json").json
      #expect(try inspected["parameters"] == tool("model", "inspect", source, "--json").json["parameters"])
      #expect(
        try tool(
          "model", "convert", "m.gguf", "back", "--format", "safetensors", "--dtype", "bfloat16", "-q",
          "--without-tokenizer"
        ).code == 0)
      #expect(try tool("model", "inspect", "back", "--json").json["parameters"] == inspected["parameters"])
      for model in ["m.gguf", source] {
        #expect(
          try tool("model", "logits", model, "--ids", source + "/ids.json", "--out", "logits.safetensors").code == 0)
      }
    }
  }

  @Test("What a format cannot hold, and a result that is there, are refused")
  func refused() throws {
    try GroveTool.with { tool in
      let blocks = try tool("model", "convert", source, "out", "--format", "safetensors", "--dtype", "q8_0")
      #expect(
        blocks.code == 1
          && blocks.errors == "Error: dtype: safetensors have no q8_0. Give float32, float16 or bfloat16.\n")
      try FileSystem.write("mine", to: tool.path("m.gguf"))
      let there = try tool(
        "model", "convert", source, "m.gguf", "--format", "gguf", "--dtype", "float32", "--without-tokenizer", "-q")
      #expect(there.code == 1)
      #expect(
        there.errors.replacingOccurrences(of: tool.folder.path, with: "DIR")
          == "Error: DIR/m.gguf: is there already. Name another file, or remove this one.\n")
      let words = try tool("model", "convert", source, "n.gguf", "--format", "gguf", "--dtype", "float32")
      #expect(
        words.errors == "Error: \(source)/tokenizer.json: is missing. "
          + "Give --without-tokenizer, and the tokenizer's ids to llama.cpp.\n")
    }
  }
}
