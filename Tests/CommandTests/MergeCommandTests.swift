import Foundation
import GroveCore
import GroveTesting
import Testing

@Suite("Merging from the command line")
struct MergeCommandTests {
  /// Writes a case of the fixtures with its models where they lie.
  private static func write(_ name: String, _ tool: GroveTool) throws {
    let folder = Fixtures.url("merge")
    let text = String(decoding: try FileSystem.read(folder.appending(path: "cases/\(name).yaml")), as: UTF8.self)
    let local = text.replacing("models/", with: "\(folder.path)/models/")
    try FileSystem.write(local, to: tool.path("merge.yaml"))
  }

  private static func model(_ name: String) -> String { Fixtures.url("merge/models/\(name)").path }

  @Test("A merge writes a checkpoint that other commands read, and a dry run nothing")
  func merge() throws {
    try GroveTool.with { tool in
      try Self.write("ties", tool)
      let dry = try tool("merge", "merge.yaml", "--dry-run", "--json")
      #expect(dry.code == 0, "\(dry.errors)")
      #expect(try dry.json["tensors"]?.arrayValue?.count == 30)
      #expect(try FileSystem.entries(of: tool.folder).map(\.lastPathComponent) == ["merge.yaml"])
      let merged = try tool("merge", "merge.yaml", "--out", "out", "--set", "parameters.lambda=0.5", "--quiet")
      #expect(merged.code == 0 && merged.output.hasSuffix("parameters by ties in out\n"), "\(merged.errors)")
      #expect(try tool("model", "inspect", "out", "--json").json["tensors"]?.arrayValue?.count == 30)
      let again = try tool("merge", "merge.yaml", "--out", "out")
      #expect(again.code == 1)
      #expect(again.errors == "Error: DIR/out: is there already. Name another folder, or remove this one.\n")
    }
  }

  @Test("What is wrong is said with the exit code that scripts look at")
  func misuse() throws {
    try GroveTool.with { tool in
      try Self.write("ties", tool)
      let homeless = try tool("merge", "merge.yaml")
      #expect(homeless.code == 64)
      #expect(
        homeless.errors.hasPrefix("Error: --out: name the folder of the merged model, or give --dry-run\n"),
        "\(homeless.errors)")
      let wrong = try tool("merge", "merge.yaml", "--out", "out", "--set", "merge_method=tise")
      #expect(wrong.code == 1)
      #expect(
        wrong.errors
          == "Error: --set merge_method=tise: merge_method: 'tise' is not a method; did you mean 'ties'?\n")
      #expect(!FileSystem.exists(tool.path("out")))
    }
  }

  @Test("Statistics come as a table, as JSON and as a page")
  func statistics() throws {
    try GroveTool.with { tool in
      let arguments = [
        "merge", "stats", "--base", Self.model("llama-base"), Self.model("llama-a"), Self.model("llama-b"),
      ]
      let shown = try tool(arguments + ["--report", "report.html", "--quiet"])
      #expect(shown.code == 0 && shown.output.contains("cosine of "), "\(shown.errors)")
      #expect(FileSystem.exists(tool.path("report.html")))
      #expect(try tool(arguments + ["--json"]).json["models"]?.arrayValue?.count == 2)
    }
  }

  @Test("A mixture of experts is written with its router")
  func experts() throws {
    try GroveTool.with { tool in
      let experts = ["a", "b"].map { "{source_model: \(Self.model("llama-\($0)"))}" }.joined(separator: ", ")
      try FileSystem.write("{experts: [\(experts)], gate_mode: random}", to: tool.path("moe.yaml"))
      let made = try tool("merge", "moe", "moe.yaml", "--out", "out", "--json", "--set", "experts_per_token=1")
      #expect(made.code == 0, "\(made.errors)")
      let config = try JSONValue(contentsOf: tool.path("out/config.json"))
      #expect(config["num_experts_per_tok"] == 1 && config["num_local_experts"] == 2)
    }
  }
}
