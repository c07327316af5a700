import Foundation
import GroveCore
import GroveCorpus
import GroveForest
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("A forest as one sparse mixture of experts")
struct ForestExportTests {
  private static func export(_ forest: TinyForest, _ router: ForestExport.Router, to name: String) throws
    -> SafetensorsFile
  {
    let target = forest.place.appending(path: name)
    try ForestExport(forest.folder, expertsPerToken: 2, router: router, dtype: .automatic).write(to: target)
    return try SafetensorsFile(target.appending(path: "model.safetensors"))
  }

  @Test("Feed-forward layers are those of the experts in their order, attention is the average, the router is as asked")
  func tensors() throws {
    try TinyForest.with { forest in
      try forest.grow()
      let manifest = try ForestManifest(forest.folder)
      let uniform = try Self.export(forest, .uniform, to: "uniform")
      for (index, member) in manifest.experts.enumerated() {
        let expert = try SafetensorsFile(
          member.checkpoint(in: forest.folder).appending(path: "model.safetensors"))
        for (own, name) in [("gate_proj", "w1"), ("down_proj", "w2"), ("up_proj", "w3")] {
          let stored: [Float] = try uniform.tensor(
            "model.layers.0.block_sparse_moe.experts.\(index).\(name).weight"
          ).values()
          #expect(try stored == expert.tensor("model.layers.0.mlp.\(own).weight").values())
        }
      }
      let gate = "model.layers.0.block_sparse_moe.gate.weight"
      #expect(try uniform.tensor(gate).values() == [Float](repeating: 0, count: 3 * 16))
      let hidden = try Self.export(forest, .hidden(tokensPerExpert: 100), to: "hidden")
      let rows: [Float] = try hidden.tensor(gate).values()
      #expect(rows.count == 3 * 16 && rows.contains { abs($0) > 1e-3 })
      // Scores that are the same for all experts say nothing, so that the rows sum to nothing.
      let largest = rows.reduce(0) { max($0, abs($1)) }
      for column in 0..<16 {
        #expect(abs(rows[column] + rows[16 + column] + rows[32 + column]) < 1e-5 * largest)
      }
      let left = try FileSystem.entries(of: forest.place).map(\.lastPathComponent)
      #expect(!left.contains { $0.hasPrefix(".") })
    }
  }

  @Test("Hidden states of an expert's texts score higher with their own row than with another one's")
  func router() throws {
    var config = ModelConfig()
    config.vocabularySize = 32
    config.contextLength = 8
    config.width = 16
    config.layers = 2
    config.attention.heads = 2
    config.attention.keyValueHeads = 2
    config.feedForwardWidth = 24
    let model = try makeModel(config, weights: .random(RandomKey(seed: 3)))
    try model.prepare(.float32, training: false, device: .cpu)
    // Expert 0 reads the lower half of the vocabulary, expert 1 the upper; 13 tokens are no whole number of windows.
    let texts = (0..<2).map { expert in
      (0..<3).map { document -> TokenizedDocument in
        let key = RandomKey(seed: 5).split("\(expert) \(document)")
        let tokens = (0..<13).map { Int64(16 * expert) + Int64(key.uniform($0) * 16) }
        return TokenizedDocument(
          id: "\(document)", origin: DocumentOrigin(file: "made", line: 1), domain: "d", byteCount: 13, tokens: tokens)
      }
    }
    let rows = try RouterVectors(model, texts: texts, endOfText: 0).tensors()
    #expect(rows.map(\.shape) == [[2, 16], [2, 16]])
    var scores = [[0.0, 0.0], [0.0, 0.0]]
    for (expert, documents) in texts.enumerated() {
      for document in documents {
        _ = try model.hiddenStates(
          Tensor(document.tokens, [1, 13]),
          ForwardPass(
            .inference,
            hook: .observing([.feedForwardInput]) { layer, hidden in
              #expect(hidden.shape == [1, 13, 16])
              let products: [Float] = try (hidden.reshaped(13, 1, 16) * rows[layer]).sum(2, axis: .removed)
                .sum(0, axis: .removed).values()
              for row in 0..<2 { scores[expert][row] += Double(products[row]) }
            }))
      }
    }
    #expect(scores[0][0] > scores[0][1] && scores[1][1] > scores[1][0], "\(scores)")
  }

  @Test("One expert, more experts a token than there are, and no tokens for the router are refused")
  func refusals() throws {
    try TinyForest.with { forest in
      try forest.grow()
      func message(_ count: Int, _ router: ForestExport.Router = .uniform) -> String {
        forest.message {
          try ForestExport(forest.folder, expertsPerToken: count, router: router, dtype: .automatic)
        }
      }
      #expect(message(4) == "experts per token: 4 is outside 1...3")
      #expect(message(1, .hidden(tokensPerExpert: 0)) == "router tokens: 0 is not positive")
      try forest.folder.remove(["ants", "bees"], files: .keep)
      #expect(message(1) == "DIR/forest: has 1 experts, and a mixture needs two. 'grove forest grow' grows them.")
    }
  }
}
