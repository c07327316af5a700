import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A merged folder")
struct MergeFolderTests {
  private static func write(_ config: MergeConfig, to folder: URL, shardBytes: Int = 1 << 30) throws {
    try ModelMerge(MergePlan(config), random: RandomKey(seed: 1), shardBytes: shardBytes).write(to: folder) { _ in }
  }

  @Test("A frankenmerge is a model with the layers that were named", arguments: ["frankenmerge", "frankenmerge-gpt2"])
  func frankenmerge(name: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      let out = folder.appending(path: "out")
      try Self.write(MergeFixture.config(name), to: out)
      let model = try ModelFolder.load(out)
      #expect(model.config.layers == (name == "frankenmerge" ? 5 : 4))
      try model.prepare(.float32, training: false, device: .cpu)
      let logits = try withGradients(.off) {
        try model.logits(Tensor([Int64(1), 5, 7, 2], [1, 4]), ForwardPass(.inference))
      }
      #expect(try logits.isFinite().allTrue())
    }
  }

  @Test("Shards hold what one file holds")
  func shards() throws {
    try Fixtures.withTemporaryFolder { folder in
      let (whole, cut) = (folder.appending(path: "whole"), folder.appending(path: "cut"))
      try Self.write(MergeFixture.config("ties"), to: whole)
      try Self.write(MergeFixture.config("ties"), to: cut, shardBytes: 8000)
      #expect(!FileSystem.exists(cut.appending(path: "model.safetensors")))
      let (a, b) = (try ModelFolder.weights(whole), try ModelFolder.weights(cut))
      #expect(a.names == b.names)
      for name in a.names {
        #expect(try a.tensor(name).values(as: Float.self) == b.tensor(name).values(as: Float.self), "\(name)")
      }
      _ = try ModelFolder.load(cut)
    }
  }

  @Test("A union of tokenizers keeps the base's ids, and its rows are those of the models' tokens")
  func union() throws {
    try Fixtures.withTemporaryFolder { folder in
      let out = folder.appending(path: "out")
      try Self.write(MergeFixture.config("union"), to: out)
      #expect(try ModelFolder.loadConfig(out).vocabularySize == 12)
      let json = try JSONValue(contentsOf: out.appending(path: "tokenizer.json"))
      let added = json["added_tokens"]?.arrayValue ?? []
      let texts = added.map { "\($0["id"]?.integerValue ?? -1) \($0["content"]?.stringValue ?? "")" }
      #expect(texts == ["0 <unk>", "8 hen", "9 ibis", "10 jay", "11 koi"])
      #expect(json["model"]?["vocab"]?.objectValue?.count == 8)
      _ = try ModelFolder.load(out)
    }
  }

  @Test("The same config and seed give the same bytes, whatever the number of threads")
  func deterministic() throws {
    try Fixtures.withTemporaryFolder { folder in
      let config = try MergeFixture.config("ties")
      let dare = try MergeConfig.load(yaml: config.yaml(), at: "", overrides: ["merge_method=dare_ties"])
      let threads = try Torch.threads()
      defer { try? Torch.setThreads(threads) }
      let hashes = try [1, 2].map { count in
        try Torch.setThreads(count)
        let out = folder.appending(path: "\(count)")
        try Self.write(dare, to: out)
        return try ContentHash.ofFile(out.appending(path: "model.safetensors"))
      }
      #expect(hashes[0] == hashes[1])
    }
  }

  @Test("The folder says how it was made, and the same text makes it again")
  func provenance() throws {
    try Fixtures.withTemporaryFolder { folder in
      let config = try MergeFixture.config("slerp")
      try Self.write(config, to: folder.appending(path: "out"))
      #expect(try MergeConfig.load(folder.appending(path: "out/merge.yaml")) == config)
    }
  }

  @Test("An average in code is that of the same YAML, and a weight of 1 for one expert is its bytes")
  func average() throws {
    let names = ["a", "b", "c"].map { MergeFixture.model("llama-\($0)") }
    func norm(_ weights: [Double]) throws -> [Float] {
      let plan = try MergePlan(.average(of: names, weights: weights))
      return try ModelMerge(plan, random: RandomKey(seed: 1)).tensor("model.norm.weight").values()
    }
    let file = try SafetensorsFile(MergeFixture.folder.appending(path: "cases/linear.safetensors"))
    #expect(try norm([0.5, 0.3, 0.4]) == file.tensor("model.norm.weight").values(as: Float.self))
    let expert = try ModelFolder.weights(URL(filePath: names[1]))
    #expect(try norm([0, 1, 0]) == expert.tensor("model.norm.weight").values(as: Float.self))
  }

  @Test("A folder that is there is not touched, and what fails leaves nothing")
  func nothingHalfWritten() throws {
    try Fixtures.withTemporaryFolder { folder in
      let out = folder.appending(path: "out")
      try FileSystem.makeFolder(out)
      try FileSystem.write("mine", to: out.appending(path: "file"))
      let error = #expect(throws: GroveError.self) { try Self.write(MergeFixture.config("linear"), to: out) }
      #expect(error?.description == "\(out.path): is there already. Name another folder, or remove this one.")
      #expect(try FileSystem.entries(of: folder).map(\.lastPathComponent) == ["out"])

      for (model, value) in [("a", 1), ("b", 2)] {
        let copy = folder.appending(path: model)
        try FileManager.default.copyItem(at: URL(filePath: MergeFixture.model("llama-\(model)")), to: copy)
        let weights = try ModelFolder.weights(copy)
        let items = try weights.names.map { SafetensorsWriter.Item($0, try weights.tensor($0)) }
        let counter = SafetensorsWriter.Item("model.norm.count", try Tensor([Int64(value)], [1]))
        try ModelFolder.write(items + [counter], to: copy, shardBytes: 1 << 30)
      }
      let (a, b) = (folder.appending(path: "a").path, folder.appending(path: "b").path)
      let config = try MergeConfig.load(
        yaml: "{merge_method: linear, models: [{model: \(a)}, {model: \(b)}], parameters: {weight: 1}}", at: "")
      let late = #expect(throws: GroveError.self) { try Self.write(config, to: folder.appending(path: "late")) }
      #expect(
        late?.description == "\(b): model.norm.count holds other whole numbers than in \(a). "
          + "They cannot be averaged; make them equal first.")
      #expect(try FileSystem.entries(of: folder).map(\.lastPathComponent) == ["a", "b", "out"])
    }
  }
}
