import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTokenizer
import Testing

@Suite("Models in GGUF files")
struct GGUFModelTests {
  static let families: [ModelConfig.Family] = [
    .llama, .mistral, .qwen2, .qwen3, .gemma3, .gpt2, .neoX, .bloom, .starCoder2, .phi,
  ]

  /// A shape that llama.cpp has too, with what makes it hard: grouped heads, partial rotation, windows.
  private static func config(_ family: ModelConfig.Family) -> ModelConfig {
    var config = TinyModel.config(family)
    config.attention.scale = 0
    if family != .gemma3 { (config.attention.window, config.attention.fullLayers) = (0, []) }
    return config
  }

  /// A folder with a model all of whose parameters are random, gains and biases too, so that one in the wrong place shows.
  private static func makeFolder(_ config: ModelConfig, in folder: URL) throws -> (URL, any LanguageModel) {
    let model = try makeModel(config, weights: .random(RandomKey(seed: 3)))
    let random = RandomKey(seed: 4)
    for (name, parameter) in try model.parameters() where parameter.role == .vector {
      parameter.set(try parameter.value + Tensor.normal(parameter.shape, deviation: 0.3, random: random.split(name)))
    }
    let source = folder.appending(path: "source")
    try FileSystem.makeFolder(source)
    try ModelFolder.save(model, endOfText: 0, to: source)
    return (source, model)
  }

  private static func convert(
    _ source: URL, _ target: URL, _ format: ModelConversion.Format, _ type: ModelConversion.WeightType = .float32
  ) throws -> ModelConversion {
    let conversion = try ModelConversion(source, to: format, type, tokenizer: .leftOut)
    try conversion.write(to: target) { _ in }
    return conversion
  }

  private static func logits(_ model: any LanguageModel) throws -> [Float] {
    try model.prepare(.float32, training: false, device: .cpu)
    let tokens = try Tensor((0..<24).map { Int64($0 * 37 % 64) }, [2, 12])
    return try withGradients(.off) { try model.logits(tokens, ForwardPass(.inference)).values() }
  }

  @Test("A model as GGUF has the same logits, and written back the same tensors", arguments: families)
  func roundTrip(family: ModelConfig.Family) throws {
    try Fixtures.withTemporaryFolder { folder in
      let (source, model) = try Self.makeFolder(Self.config(family), in: folder)
      let (gguf, back) = (folder.appending(path: "model.gguf"), folder.appending(path: "back"))
      _ = try Self.convert(source, gguf, .gguf)
      let expected = try Self.logits(model)
      let found = try Self.logits(ModelFolder.load(gguf))
      #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 }, "\(family)")
      _ = try Self.convert(gguf, back, .safetensors)
      let (before, after) = (try ModelFolder.weights(source), try ModelFolder.weights(back))
      #expect(before.names == after.names)
      for name in before.names {
        let (a, b) = (try before.tensor(name).values(as: Float.self), try after.tensor(name).values(as: Float.self))
        #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
      }
    }
  }

  @Test("How rotary positions reach further is kept", arguments: [RotaryScalingConfig.Kind.linear, .llama3, .yarn])
  func scaling(kind: RotaryScalingConfig.Kind) throws {
    try Fixtures.withTemporaryFolder { folder in
      var config = Self.config(.llama)
      config.positions.scaling.kind = kind
      config.positions.scaling.factor = 4
      if kind != .linear { config.positions.scaling.originalContextLength = 16 }
      let (source, model) = try Self.makeFolder(config, in: folder)
      let gguf = folder.appending(path: "model.gguf")
      _ = try Self.convert(source, gguf, .gguf)
      #expect(try (GGUFFile(gguf).entry("rope_freqs.weight") != nil) == (kind == .llama3))
      let (expected, found) = (try Self.logits(model), try Self.logits(ModelFolder.load(gguf)))
      #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test("Matrices have the type that was asked for; vectors and learned positions stay float32, odd rows are float16")
  func types() throws {
    try Fixtures.withTemporaryFolder { folder in
      let (source, model) = try Self.makeFolder(Self.config(.gpt2), in: folder)
      let conversion = try Self.convert(source, folder.appending(path: "model.gguf"), .gguf, .q8_0)
      let types = Dictionary(uniqueKeysWithValues: conversion.tensors.map { ($0.name, $0.type) })
      #expect(types["token_embd.weight"] == "Q8_0" && types["blk.0.attn_qkv.weight"] == "Q8_0")
      #expect(types["position_embd.weight"] == "F32" && types["blk.1.attn_qkv.bias"] == "F32")
      // Its rows are of 48.
      #expect(types["blk.0.ffn_down.weight"] == "F16" && types["blk.0.ffn_up.weight"] == "Q8_0")
      let (expected, found) = try (
        Self.logits(model), Self.logits(ModelFolder.load(folder.appending(path: "model.gguf")))
      )
      let largest = expected.map(abs).max() ?? 0
      #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 0.05 * largest })
    }
  }

  @Test("LLaMA's rows of queries stand as llama.cpp turns them: the two places of a pair side by side")
  func neighbours() throws {
    try Fixtures.withTemporaryFolder { folder in
      let (source, _) = try Self.makeFolder(Self.config(.llama), in: folder)
      let gguf = folder.appending(path: "model.gguf")
      _ = try Self.convert(source, gguf, .gguf)
      let stored = try ModelFolder.weights(source).tensor("model.layers.0.self_attn.q_proj.weight")
      let written = try GGUFFile(gguf).tensor("blk.0.attn_q.weight")
      func row(_ tensor: Tensor, _ index: Int) throws -> [Float] { try tensor.selected(0, index).values() }
      // Heads of 8: places 0 and 4 are a pair.
      for (place, expected) in [0, 4, 1, 5, 2, 6, 3, 7].enumerated() {
        #expect(try row(written, place) == row(stored, expected))
        #expect(try row(written, 8 + place) == row(stored, 8 + expected))
      }
    }
  }

  @Test("What llama.cpp could not say is refused, not dropped")
  func refused() throws {
    func message(_ family: ModelConfig.Family, _ change: (inout ModelConfig) -> Void) throws -> String? {
      try Fixtures.withTemporaryFolder { folder in
        var config = Self.config(family)
        change(&config)
        let (source, _) = try Self.makeFolder(config, in: folder)
        do { _ = try ModelConversion(source, to: .gguf, .float32, tokenizer: .leftOut) } catch let error as GroveError {
          return error.description.replacingOccurrences(of: source.path + ": ", with: "")
        }
        return nil
      }
    }
    #expect(
      try message(.mistral) { $0.attention.window = 7 }
        == "attention.window is 7; llama.cpp's llama would have 0. GGUF cannot hold this model.")
    #expect(
      try message(.llama) {
        ($0.positions.scaling.kind, $0.positions.scaling.factor) = (.dynamic, 2)
      } == "positions.scaling.kind is \"dynamic\"; llama.cpp's llama would have \"none\". GGUF cannot hold this model.")
    #expect(
      try message(.opt) { _ in }
        == "GGUF has no architecture that Grove maps to opt. Convert one of llama, qwen2, qwen3, gemma3_text, gpt2, "
        + "gpt_neox, bloom, starcoder2, phi, mistral.")
  }

  @Test("A file that is damaged as a model is refused with the key or the tensor")
  func damaged() throws {
    try Fixtures.withTemporaryFolder { folder in
      let (source, _) = try Self.makeFolder(Self.config(.llama), in: folder)
      let url = folder.appending(path: "model.gguf")
      _ = try Self.convert(source, url, .gguf)
      let whole = try GGUFFile(url)
      let items = whole.entries.map { entry in
        GGUFWriter.Item(entry.name, .float32, entry.shape) { try whole.tensor(entry.name) }
      }
      func message(
        _ items: [GGUFWriter.Item], _ change: (inout [(key: String, value: GGUFValue)]) -> Void
      ) throws -> String? {
        let target = folder.appending(path: "changed.gguf")
        var metadata = whole.metadata
        change(&metadata)
        try GGUFWriter.write(items, metadata: metadata, to: target)
        do { _ = try ModelFolder.load(target) } catch let error as GroveError {
          return error.description.replacingOccurrences(of: target.path + ": ", with: "")
        }
        return nil
      }
      func setting(_ key: String, _ value: GGUFValue?) throws -> String? {
        try message(items) { metadata in
          metadata.removeAll { $0.key == key }
          if let value { metadata.append((key, value)) }
        }
      }
      #expect(try setting("llama.block_count", nil) == "llama.block_count is missing")
      #expect(
        try setting("llama.block_count", .string("2")) == "llama.block_count is \"2\", not a whole number")
      #expect(
        try setting("llama.block_count", .int32(-1))
          == "llama.block_count is -1, not a whole number from 0 to 2147483648")
      #expect(
        try setting("llama.attention.head_count_kv", .array(GGUFArray([Int32(2), 4])))
          == "llama.attention.head_count_kv differs from layer to layer")
      #expect(try setting("llama.expert_count", .uint32(8)) == "llama.expert_count is 8, which is not supported")
      #expect(
        try setting("general.architecture", .string("mamba"))
          == "general.architecture \"mamba\" is not one of llama, qwen2, qwen3, gemma3, gpt2, gptneox, bloom, "
          + "starcoder2, phi2")
      #expect(
        try setting("llama.attention.head_count", .uint32(0))
          == "describes a model that cannot be: attention.heads: 0 is not a positive multiple of keyValueHeads 2")
      var large = Self.config(.llama)
      large.layers = 1 << 14
      let elements = whole.entries.reduce(0) { $0 + $1.shape.reduce(1, *) }
      #expect(
        try setting("llama.block_count", .uint32(1 << 14))
          == "describes a model of \(large.parameterCount) parameters, its tensors have \(elements). The file is damaged."
      )
      #expect(
        try setting("split.count", .uint16(2))
          == "is one part of a model in several files. Join them with llama-gguf-split --merge.")
      #expect(
        try message(items.filter { $0.name != "blk.1.ffn_up.weight" }) { _ in }
          == "describes a model of \(elements) parameters, its tensors have \(elements - 32 * 48). The file is damaged."
      )
      let renamed = items.map { item in
        item.name == "blk.1.ffn_up.weight" ? GGUFWriter.Item("other", item.type, item.shape) { try item.made() } : item
      }
      #expect(try message(renamed) { _ in } == "the tensor model.layers.1.mlp.up_proj.weight is missing")
      #expect(
        try message(items + [.init("blk.9.more", .float32, [1]) { try .zeros([1], .float32) }]) { _ in }
          == "the tensor blk.9.more has no place in the model. 1 are left over.")
    }
  }

  @Test("A result that is there already is refused")
  func existing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let (source, _) = try Self.makeFolder(Self.config(.llama), in: folder)
      let target = folder.appending(path: "model.gguf")
      try FileSystem.write("mine", to: target)
      let error = #expect(throws: GroveError.self) { try Self.convert(source, target, .gguf) }
      #expect(error?.description == "\(target.path): is there already. Name another file, or remove this one.")
      #expect(try FileSystem.read(target) == Data("mine".utf8))
    }
  }

  @Test("A byte-level tokenizer goes along, and gives the same ids")
  func tokenizer() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tokenizer = try Tokenizer(contentsOf: Fixtures.url("tokenizer/tokenizer.json"))
      var config = Self.config(.llama)
      config.vocabularySize = tokenizer.vocabularySize + 3
      let (source, _) = try Self.makeFolder(config, in: folder)
      try tokenizer.write(toFolder: source)
      let gguf = folder.appending(path: "model.gguf")
      try ModelConversion(source, to: .gguf, .float32, tokenizer: .included).write(to: gguf) { _ in }
      let again = try Tokenizer(ofModel: gguf)
      #expect(again.vocabularySize == config.vocabularySize)
      #expect(again.roles == tokenizer.roles)
      for text in ["Hello, world! It's 2024.", "größer 한국어\n\n  x", "<|endoftext|> a"] {
        func ids(_ tokenizer: Tokenizer) -> [UInt32] {
          var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
          return encoder.encode(text)
        }
        #expect(ids(again) == ids(tokenizer), "\(text)")
      }
    }
  }
}
