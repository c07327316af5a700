import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A model in a folder")
struct ModelFolderTests {
  /// Saves a tiny model with some of its tensors changed, and hands over the folder.
  private static func withFolder(
    _ change: (inout [(name: String, tensor: Tensor)]) throws -> Void = { _ in }, _ body: (URL) throws -> Void
  ) throws {
    let model = try TinyModel.llama(seed: 2)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(model, endOfText: 0, to: folder)
      var tensors = try model.storedTensors().map { (name: $0.name, tensor: try $0.stored()) }
      try change(&tensors)
      try SafetensorsWriter.write(
        tensors.map { .init($0.name, $0.tensor) }, to: folder.appending(path: "model.safetensors"))
      try body(folder)
    }
  }

  private static func loadError(_ folder: URL) -> String? {
    #expect(throws: GroveError.self) { _ = try ModelFolder.load(folder) }?.description
  }

  @Test("Weights in other precisions are read", arguments: [DType.bfloat16, .float16, .float64])
  func precisions(dtype: DType) throws {
    try Self.withFolder {
      $0 = try $0.map { ($0.name, try $0.tensor.cast(to: dtype)) }
    } _: { folder in
      let model = try ModelFolder.load(folder)
      try model.prepare(.float32, training: false, device: .cpu)
      for (read, made) in zip(try model.parameters(), try TinyModel.llama(seed: 2).parameters()) {
        let expected = try made.parameter.value.cast(to: dtype).values(as: Float.self)
        #expect(try read.parameter.working.values(as: Float.self) == expected, "\(read.name)")
      }
    }
  }

  @Test("Shards that an index names are read as one file is")
  func shards() throws {
    try Self.withFolder { folder in
      let whole = try ModelFolder.load(folder)
      let tensors = try whole.storedTensors()
      var map: [(key: String, value: JSONValue)] = []
      for (index, part) in [tensors[..<7], tensors[7...]].enumerated() {
        let name = "model-0000\(index + 1)-of-00002.safetensors"
        map += part.map { ($0.name, .string(name)) }
        try SafetensorsWriter.write(
          part.map { .init($0.name, try $0.stored()) }, to: folder.appending(path: name))
      }
      try FileSystem.write(
        JSONValue.object([("weight_map", .object(map))]).text,
        to: folder.appending(path: "model.safetensors.index.json"))
      try FileSystem.remove(folder.appending(path: "model.safetensors"))
      for (a, b) in zip(tensors, try ModelFolder.load(folder).storedTensors()) {
        #expect(try a.stored().values(as: Float.self) == b.stored().values(as: Float.self), "\(a.name)")
      }
    }
  }

  @Test("A tensor that is missing is named")
  func missing() throws {
    try Self.withFolder {
      $0.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" }
    } _: { folder in
      #expect(
        Self.loadError(folder) == "\(folder.path): the tensor model.layers.1.mlp.up_proj.weight is missing")
    }
  }

  @Test("A tensor that nothing uses is named")
  func extra() throws {
    try Self.withFolder {
      $0.append(("model.layers.2.mlp.up_proj.weight", try .zeros([48, 32], .float32)))
    } _: { folder in
      #expect(
        Self.loadError(folder)
          == "\(folder.path): the tensor model.layers.2.mlp.up_proj.weight has no place in the model. 1 are left over.")
    }
  }

  @Test("A tensor of another shape is named with both shapes")
  func wrongShape() throws {
    try Self.withFolder { tensors in
      let index = try #require(tensors.firstIndex { $0.name == "model.norm.weight" })
      tensors[index].tensor = try .zeros([33], .float32)
    } _: { folder in
      #expect(
        Self.loadError(folder) == """
          \(folder.path)/model.safetensors: the tensor model.norm.weight has the shape [33], expected [32]
          """)
    }
  }

  @Test("A tensor of integers is refused")
  func integers() throws {
    try Self.withFolder { tensors in
      let index = try #require(tensors.firstIndex { $0.name == "model.norm.weight" })
      tensors[index].tensor = try .zeros([32], .int32)
    } _: { folder in
      #expect(
        Self.loadError(folder) == "\(folder.path)/model.safetensors: the tensor model.norm.weight is int32, not a float"
      )
    }
  }

  @Test("A tied output matrix that was stored a second time is the embedding")
  func storedTwice() throws {
    try Self.withFolder { tensors in
      let embedding = try #require(tensors.first { $0.name == "model.embed_tokens.weight" })
      tensors.append(("lm_head.weight", embedding.tensor))
    } _: { folder in
      let model = try ModelFolder.load(folder)
      #expect(model.config.tiedEmbeddings)
    }
  }

  @Test("A second output matrix that is not the embedding is refused where the config ties the two")
  func tiedToOther() throws {
    try Self.withFolder { tensors in
      let embedding = try #require(tensors.first { $0.name == "model.embed_tokens.weight" })
      tensors.append(("lm_head.weight", try embedding.tensor * 2))
    } _: { folder in
      #expect(
        Self.loadError(folder)
          == "\(folder.path)/model.safetensors: lm_head.weight is not model.embed_tokens.weight, but config.json ties the two. "
          + "Set tie_word_embeddings to false, or remove the tensor.")
    }
  }

  @Test(
    "An index may only name files of its folder",
    arguments: ["../secret.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", "a\\b"])
  func indexOutside(name: String) throws {
    try Self.withFolder { folder in
      try FileSystem.remove(folder.appending(path: "model.safetensors"))
      let index = folder.appending(path: "model.safetensors.index.json")
      let map = JSONValue.object([("model.norm.weight", .string(name))])
      try FileSystem.write(JSONValue.object([("weight_map", map)]).text, to: index)
      #expect(
        Self.loadError(folder)
          == "\(index.path): weight_map names \(JSONValue.string(name).text), which is not a file of this folder")
    }
  }

  @Test("An index without files, a folder without weights and a path without folder are refused in words")
  func nothingThere() throws {
    try Self.withFolder { folder in
      try FileSystem.remove(folder.appending(path: "model.safetensors"))
      #expect(
        Self.loadError(folder) == """
          \(folder.path): has neither model.safetensors nor model.safetensors.index.json. \
          Give a folder that holds a whole checkpoint.
          """)
      let index = folder.appending(path: "model.safetensors.index.json")
      try FileSystem.write("{}", to: index)
      #expect(Self.loadError(folder) == "\(index.path): weight_map names no file")
      let nowhere = folder.appending(path: "nowhere")
      #expect(Self.loadError(nowhere) == "\(nowhere.path): is not a folder. A model is a folder with config.json.")
      let config = folder.appending(path: "config.json")
      try FileSystem.write("{\"model_type\":\n llama}", to: config)
      #expect(
        Self.loadError(folder) == "\(config.path): not JSON at line 2, column 2: expected a value")
    }
  }

  @Test("A config that claims more than the files hold is refused before memory is taken")
  func claims() throws {
    try Self.withFolder { folder in
      let config = folder.appending(path: "config.json")
      let json = try JSONValue(contentsOf: config)
      let start = ContinuousClock.now
      try FileSystem.write(json.setting("num_hidden_layers", to: 16_000).text, to: config)
      let tensors = try ModelFolder.weights(folder).names.count
      #expect(
        Self.loadError(folder)
          == "\(folder.path): the config has 16000 layers, the files hold \(tensors) tensors. "
          + "Give the config.json that belongs to these weights.")
      try FileSystem.write(json.setting("rope_theta", to: .integer(.max)).text, to: config)
      #expect(
        Self.loadError(folder)
          == "\(config.path): rope_theta is 9223372036854775807, beyond every number of a model")
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }
}
