import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("The same YAML gives the tensors that mergekit gives")
struct MergekitParityTests {
  /// Where the arithmetic is the same operations in the same order.
  static let bitEqual = [
    "linear", "linear-sum", "linear-gpt2", "task-arithmetic", "ties", "breadcrumbs", "breadcrumbs-ties", "gradient",
    "frankenmerge", "frankenmerge-gpt2", "slices-linear", "union", "base-tokens", "named-tokens",
  ]
  /// Where our sums are float64.
  static let close = [
    "ties-gpt2", "slerp", "multislerp", "multislerp-base", "model-stock", "model-stock-rows", "tokenizer",
  ]

  @Test("Bit by bit", arguments: bitEqual)
  func equalBits(name: String) throws {
    try Self.compare(name) { ours, theirs, tensor in
      let (a, b): ([Float], [Float]) = (try ours.values(), try theirs.values())
      #expect(a == b, "\(tensor)")
    }
  }

  @Test("To a few units in the last place of float32", arguments: close)
  func withinTolerance(name: String) throws {
    try Self.compare(name) { ours, theirs, tensor in
      let isClose = try ours.isClose(to: theirs, within: .merging)
      #expect(isClose, "\(tensor)")
    }
  }

  @Test("Every case is compared")
  func coverage() throws {
    let cases = try MergeFixture.expected()["cases"]?.objectValue?.map(\.key) ?? []
    #expect(cases.sorted() == (Self.bitEqual + Self.close).sorted())
  }

  /// Hands over each tensor twice. Rows of embeddings are in the order of the tokens' texts where tokens were numbered
  /// anew: mergekit's numbers depend on the order of a hash map.
  private static func compare(_ name: String, _ judge: (_ ours: Tensor, _ theirs: Tensor, String) throws -> Void) throws
  {
    let plan = try MergePlan(MergeFixture.config(name))
    let theirs = try SafetensorsFile(MergeFixture.folder.appending(path: "cases/\(name).safetensors"))
    let facts = try #require(try MergeFixture.expected()["cases"]?[name])
    #expect(plan.tensors.map(\.name).sorted() == theirs.entries.map(\.name).sorted())
    for key in ["vocab_size", "num_hidden_layers", "n_layer", "dtype"] where facts[key] != nil {
      #expect(plan.outputConfig[key] == facts[key], "\(key)")
    }
    let tokens = plan.tokens?.sorted { $0.key < $1.key }
    #expect(tokens?.map(\.key) == facts["tokens"]?.arrayValue?.compactMap(\.stringValue))
    let merge = ModelMerge(plan, random: RandomKey(seed: 1))
    for tensor in plan.tensors {
      var ours = try merge.tensor(tensor.name)
      let expected = try theirs.tensor(tensor.name)
      #expect(ours.dtype == expected.dtype && ours.shape == expected.shape, "\(tensor.name)")
      if let tokens, ["model.embed_tokens.weight", "lm_head.weight"].contains(tensor.name) {
        let rows = tokens.map { Int64($0.value) } + (tokens.count..<ours.size(0)).map { Int64($0) }
        ours = try ours.indexed(0, Tensor(rows, [rows.count]))
      }
      try judge(ours, expected, tensor.name)
    }
  }

  @Test(
    "Under given masks, the random methods are exact", arguments: ["dare_linear", "dare_ties", "della", "della_linear"])
  func givenMasks(method: String) throws {
    let file = try SafetensorsFile(MergeFixture.folder.appending(path: "masked.safetensors"))
    let inputs = MergeInputs(try ["base", "a", "b"].map { try file.tensor($0) }, base: 0)
    let masks = try ["mask.a", "mask.b"].map { try file.tensor($0) }
    let elects = method == "dare_ties" || method == "della"
    let merge = TaskArithmeticMerge(
      parts: [0.7, 0.6].map { .init(weight: $0, sparsity: .random(density: 0.4)) },
      consensus: elects ? .electedSign : .none, rescaling: .magnitudes, normalizes: method == "della")
    let merged = try merge.merge(inputs) { part, _ in masks[part] }
    #expect(try merged.isClose(to: file.tensor(method), within: .merging))
  }
}
