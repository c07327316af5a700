import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A sparse mixture of experts made of models")
struct MixtureOfExpertsTests {
  private static func config(_ models: String..., perToken: Int = 2) -> MixtureOfExpertsConfig {
    var config = MixtureOfExpertsConfig()
    config.expertsPerToken = perToken
    config.experts = models.map {
      var expert = MixtureOfExpertsConfig.Expert()
      expert.model = MergeFixture.model($0)
      return expert
    }
    return config
  }

  private static func export(
    _ config: MixtureOfExpertsConfig, _ router: MixtureOfExpertsExport.Router, _ body: (URL) throws -> Void
  ) throws {
    try Fixtures.withTemporaryFolder { folder in
      let out = folder.appending(path: "out")
      try MixtureOfExpertsExport(config, router: router).write(to: out) { _, _ in }
      try body(out)
    }
  }

  private static func values(_ weights: CheckpointWeights, _ name: String) throws -> [Float] {
    try weights.tensor(name).values()
  }

  @Test("Experts have the feed-forward matrices of their models; the rest is their average")
  func tensors() throws {
    try Self.export(Self.config("llama-a", "llama-b", "llama-c"), .uniform) { out in
      let made = try ModelFolder.weights(out)
      let models = try ["a", "b", "c"].map {
        try ModelFolder.weights(URL(filePath: MergeFixture.model("llama-\($0)")))
      }
      // Three of the tensors outside the layers, and per layer six shared, nine of experts, one router.
      #expect(made.names.count == 3 + 3 * (6 + 9 + 1))
      for (expert, model) in models.enumerated() {
        for (source, target) in [("gate_proj", "w1"), ("down_proj", "w2"), ("up_proj", "w3")] {
          let name = "model.layers.1.block_sparse_moe.experts.\(expert).\(target).weight"
          let (a, b) = (try Self.values(made, name), try Self.values(model, "model.layers.1.mlp.\(source).weight"))
          #expect(a == b, "\(name)")
        }
      }
      let shared = "model.layers.2.self_attn.q_proj.weight"
      let parts = try models.map { try Self.values($0, shared) }
      for (index, value) in try Self.values(made, shared).enumerated() {
        #expect(abs(value - (parts[0][index] + parts[1][index] + parts[2][index]) / 3) < 1e-6)
      }
      #expect(try Self.values(made, "model.layers.0.block_sparse_moe.gate.weight").allSatisfy { $0 == 0 })
      let config = try JSONValue(contentsOf: out.appending(path: "config.json"))
      #expect(config["architectures"] == ["MixtralForCausalLM"] && config["model_type"] == "mixtral")
      #expect(config["num_local_experts"] == 3 && config["num_experts_per_tok"] == 2)
    }
  }

  /// W₂ (silu(W₁ x) · W₃ x), the feed-forward layer of LLaMA and of an expert: `[T, C]` to `[T, C]`.
  private static func feedForward(
    _ x: Tensor, _ weights: CheckpointWeights, _ names: (gate: String, up: String, down: String)
  ) throws -> Tensor {
    func product(_ x: Tensor, _ name: String) throws -> Tensor {
      try matmul(x, weights.tensor(name).transposed(0, 1))
    }
    return try product(product(x, names.gate).silu() * product(x, names.up), names.down)
  }

  @Test("Equal experts, whatever the router says, are the dense layer")
  func equalExperts() throws {
    let key = RandomKey(seed: 9)
    try Self.export(Self.config("llama-a", "llama-a", "llama-a"), .random(deviation: 1, key)) { out in
      let (made, dense) = (
        try ModelFolder.weights(out), try ModelFolder.weights(URL(filePath: MergeFixture.model("llama-a")))
      )
      let x = try Tensor.normal([5, 16], deviation: 1, random: key)
      let layer = "model.layers.1"
      let router = try made.tensor("\(layer).block_sparse_moe.gate.weight")
      // Mixtral: the k largest of the softmax over all experts, scaled to sum to 1.
      let best = try matmul(x, router.transposed(0, 1)).softmax(1).largest(2)
      let shares = try (best.values / best.values.sum(1, axis: .kept)).values(as: Float.self)
      let chosen = try best.indices.values(as: Int64.self)
      let experts = try (0..<3).map { expert in
        let name = "\(layer).block_sparse_moe.experts.\(expert)"
        return try Self.feedForward(x, made, ("\(name).w1.weight", "\(name).w3.weight", "\(name).w2.weight"))
          .values(as: Float.self)
      }
      let expected = try Self.feedForward(
        x, dense,
        ("\(layer).mlp.gate_proj.weight", "\(layer).mlp.up_proj.weight", "\(layer).mlp.down_proj.weight"))
      let mixed = (0..<5 * 16).map { place in
        let row = place / 16
        return (0..<2).reduce(Float(0)) { $0 + shares[2 * row + $1] * experts[Int(chosen[2 * row + $1])][place] }
      }
      #expect(try Tensor(mixed, [5, 16]).isClose(to: expected, within: .float32))
    }
  }

  @Test("A model may be several experts, and then counts as often in the average")
  func repeated() throws {
    try Self.export(Self.config("llama-a", "llama-a", "llama-b"), .uniform) { out in
      let made = try ModelFolder.weights(out)
      let norm = try ["a", "b"].map {
        try Self.values(ModelFolder.weights(URL(filePath: MergeFixture.model("llama-\($0)"))), "model.norm.weight")
      }
      for (index, value) in try Self.values(made, "model.norm.weight").enumerated() {
        #expect(abs(value - (2 * norm[0][index] + norm[1][index]) / 3) < 1e-6)
      }
    }
  }

  @Test("The router has the given vectors, one for all layers or one for each; a random one comes from its key")
  func router() throws {
    let config = Self.config("llama-a", "llama-b", perToken: 1)
    let vectors = try (0..<3).map { try Tensor.full([2, 16], Double($0 + 1), .float32) }
    func gate(_ router: MixtureOfExpertsExport.Router, layer: Int) throws -> [Float] {
      var found: [Float] = []
      try Self.export(config, router) {
        found = try Self.values(ModelFolder.weights($0), "model.layers.\(layer).block_sparse_moe.gate.weight")
      }
      return found
    }
    #expect(try gate(.vectors([vectors[0]]), layer: 2) == [Float](repeating: 1, count: 32))
    #expect(try gate(.vectors(vectors), layer: 2) == [Float](repeating: 3, count: 32))
    let random = MixtureOfExpertsExport.Router.random(deviation: 0.02, RandomKey(seed: 4))
    #expect(try gate(random, layer: 0) == gate(random, layer: 0))
    #expect(try gate(random, layer: 0) != gate(random, layer: 1))
  }

  @Test("What does not fit is refused in words")
  func refusals() throws {
    func message(_ config: MixtureOfExpertsConfig, _ router: MixtureOfExpertsExport.Router = .uniform) -> String? {
      let error = #expect(throws: GroveError.self) { _ = try MixtureOfExpertsExport(config, router: router) }
      return error?.description.replacing(MergeFixture.folder.path, with: "DIR")
    }
    #expect(
      message(Self.config("gpt2-a", "gpt2-b"))
        == "experts: DIR/models/gpt2-a is not LLaMA-shaped. Mixtral's format holds no other.")
    #expect(
      message(Self.config("llama-a", "llama-b", perToken: 3))
        == "MixtureOfExpertsConfig: experts_per_token: 3 is outside 1...2")
    #expect(
      message(Self.config("llama-a"))?.contains("experts: 1 are too few; give 2 or more") == true)
    let narrow = try Tensor.zeros([2, 8], .float32)
    #expect(
      message(Self.config("llama-a", "llama-b"), .vectors([narrow]))
        == "router: a tensor has the shape [2, 8], expected [2, 16]: experts, width")
  }
}
