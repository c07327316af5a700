import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A Hugging Face checkpoint gives the reference's numbers")
struct HuggingFaceParityTests {
  static let differentiated = [
    "llama-tied", "llama-untied", "llama-head-dim", "gpt2-tied", "llama-biases", "qwen3", "gemma3", "neox-parallel",
    "bloom", "opt-after", "phi", "bigcode-heads",
  ]
  static let checkpoints =
    differentiated + [
      "llama-llama3", "llama-linear", "llama-dynamic", "llama-yarn", "llama-yarn-mscale", "mistral-window", "qwen2",
      "qwen2-window", "qwen3-biases", "neox-serial", "bloom-normed-stream", "opt", "opt-no-bias",
      "bigcode-multi-query", "starcoder2-window", "starcoder2-no-bias",
    ]

  private func load(_ name: String) throws -> (model: any LanguageModel, ids: Tensor, folder: URL) {
    let folder = Fixtures.url("models/\(name)")
    return (try ModelFolder.load(folder), try ids(folder, "ids.json"), folder)
  }

  private func ids(_ folder: URL, _ name: String) throws -> Tensor {
    let rows = try JSONValue(contentsOf: folder.appending(path: name)).arrayValue ?? []
    let ids = rows.map { ($0.arrayValue ?? []).map { Int64($0.integerValue ?? -1) } }
    return try Tensor(ids.flatMap { $0 }, [ids.count, ids[0].count])
  }

  @Test("Logits agree with transformers to 1e-4", arguments: checkpoints)
  func logits(name: String) throws {
    let (model, ids, folder) = try load(name)
    try model.prepare(.float32, training: false, device: .cpu)
    let logits = try withGradients(.off) { try model.logits(ids, ForwardPass(.inference)) }
    let expected = try SafetensorsFile(folder.appending(path: "logits.safetensors")).tensor("logits")
    #expect(try logits.isClose(to: expected, within: .logits))
    #expect(try model.parameterCount() == model.config.parameterCount)
  }

  @Test(
    "Logits of DeepNorm, Sub-LN and xPos agree with torchscale, their authors' code",
    arguments: ["sub-ln-xpos", "deepnorm", "pre-ln-xpos-embedding-norm"])
  func torchscale(name: String) throws {
    let folder = Fixtures.url("torchscale/\(name)")
    let model = try ModelFolder.load(folder)
    try model.prepare(.float32, training: false, device: .cpu)
    let logits = try withGradients(.off) { try model.logits(ids(folder, "ids.json"), ForwardPass(.inference)) }
    let expected = try SafetensorsFile(folder.appending(path: "logits.safetensors")).tensor("logits")
    #expect(try logits.isClose(to: expected, within: .logits))
  }

  @Test("A text read piece by piece has the logits of the whole text", arguments: checkpoints)
  func cached(name: String) throws {
    // Dynamic scaling depends on the length that is known so far, in transformers too.
    if name == "llama-dynamic" { return }
    let (model, ids, folder) = try load(name)
    try model.prepare(.float32, training: false, device: .cpu)
    let (b, t) = (ids.size(0), ids.size(1))
    let cache = try KeyValueCache(model.config, batch: b, capacity: t, dtype: .float32, device: .cpu)
    let pieces = try withGradients(.off) {
      try [0..<6, 6..<7, 7..<10, 10..<t].map { piece in
        try model.logits(
          ids.narrowed(1, from: piece.lowerBound, count: piece.count).contiguous(),
          ForwardPass(.inference, cache: cache))
      }
    }
    let expected = try SafetensorsFile(folder.appending(path: "logits.safetensors")).tensor("logits")
    #expect(try Tensor.concatenated(pieces, axis: 1).isClose(to: expected, within: .logits))
  }

  @Test("Gradients of every stored tensor agree with transformers", arguments: differentiated)
  func gradients(name: String) throws {
    let (model, ids, folder) = try load(name)
    try model.prepare(.float32, training: true, device: .cpu)
    let t = ids.size(1)
    let tokens = try ids.narrowed(1, from: 0, count: t - 1).contiguous()
    let targets = try ids.narrowed(1, from: 1, count: t - 1).contiguous()
    try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference)).backward()
    let expected = try SafetensorsFile(folder.appending(path: "gradients.safetensors"))
    for stored in try model.storedTensors() {
      let gradient = try #require(try stored.parameter.working.gradient())
      var part = try stored.rows(of: gradient)
      if stored.isTransposed { part = try part.transposed(0, 1) }
      let excess = try part.excess(over: expected.tensor(stored.name), .float32Gradient)
      #expect(excess <= 0, "\(stored.name)")
    }
  }

  @Test(
    "Encoders and encoder-decoders agree with transformers to 1e-4",
    arguments: ["bert", "roberta", "xlm-roberta", "t5", "t5-gated"])
  func otherKinds(name: String) throws {
    let folder = Fixtures.url("models/\(name)")
    let stored = try ModelFolder.open(folder)
    try stored.module.prepare(.float32, training: false, device: .cpu)
    let ids = try ids(folder, "ids.json")
    func logits(_ stored: StoredModel) throws -> Tensor {
      try withGradients(.off) {
        switch stored {
        case .decoder: throw GroveError(.format, folder.path, "is a decoder")
        case .masked(let model): try model.logits(ids, attended: nil, .inference)
        case .encoderDecoder(let model):
          try model.logits(
            self.ids(folder, "decoder_ids.json"), reading: model.encoded(ids, .inference), .inference)
        }
      }
    }
    let expected = try SafetensorsFile(folder.appending(path: "logits.safetensors")).tensor("logits")
    let first = try logits(stored)
    #expect(try first.isClose(to: expected, within: .logits))
    try Fixtures.withTemporaryFolder { copy in
      try ModelFolder.save(stored, endOfText: 0, to: copy)
      let again = try ModelFolder.open(copy)
      try again.module.prepare(.float32, training: false, device: .cpu)
      #expect(try logits(again).values(as: Float.self) == first.values(as: Float.self))
    }
  }

  @Test("What is written is read back to the byte", arguments: checkpoints)
  func roundTrip(name: String) throws {
    let (model, _, _) = try load(name)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(model, endOfText: 0, to: folder)
      let again = try ModelFolder.load(folder)
      #expect(again.config.resolved == model.config.resolved)
      for (a, b) in zip(try model.storedTensors(), try again.storedTensors()) {
        #expect(try a.stored().values(as: Float.self) == b.stored().values(as: Float.self), "\(a.name)")
      }
    }
  }
}
