import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("What cannot be merged is refused by field or tensor, with the way out")
struct MergeRefusalTests {
  /// A config and the whole message; DIR stands for the folder of the fixtures.
  struct Case: CustomTestStringConvertible, Sendable {
    let yaml: String
    let message: String
    var testDescription: String { yaml }

    init(_ yaml: String, _ message: String) { (self.yaml, self.message) = (yaml, message) }
  }

  static let two = "models: [{model: models/llama-a}, {model: models/llama-b}]"

  static let cases = [
    Case(
      "",
      "merge.yaml: 2 problems\n  merge.yaml: merge_method: is missing\n"
        + "  merge.yaml: models: are missing, and so are slices"),
    Case("{merge_method: tise, \(two)}", "merge.yaml:1: merge_method: 'tise' is not a method; did you mean 'ties'?"),
    Case(
      "{merge_method: sce, \(two)}",
      "merge.yaml:1: merge_method: 'sce' is a method of mergekit that Grove does not have; there are linear, "
        + "task_arithmetic, ties, dare_linear, dare_ties, breadcrumbs, breadcrumbs_ties, della, della_linear, slerp, "
        + "multislerp, model_stock, passthrough"),
    Case(
      "{merge_methods: ties, \(two)}",
      "merge.yaml:1: merge_methods: unknown key; did you mean 'merge_method'?"),
    Case(
      "{merge_method: ties, \(two), parameters: {densty: 1}}",
      "merge.yaml:1: parameters.densty: no method has this; did you mean 'density'?"),
    Case(
      "{merge_method: ties, \(two)}",
      "models: ties needs a base among its models. Name the folder of one as 'base_model:'."),
    Case(
      "{merge_method: linear, \(two)}",
      "parameters.weight: linear needs it, and nothing gives it for model.embed_tokens.weight of DIR/models/llama-a. "
        + "Give it under 'parameters:' of the merge, or of each model."),
    Case(
      "{merge_method: linear, models: [{model: nobody/llama}], parameters: {weight: 1}}",
      "nobody/llama: is not a folder. Models are local folders with config.json; download one that is on a hub first."),
    Case(
      "{merge_method: linear, models: [{model: a+b}]}",
      "merge.yaml:1: models.0.model: 'a+b' names an adapter; merge it into its model first"),
    Case(
      "{merge_method: ties, base_model: models/llama-base, \(two), parameters: {weight: 1, density: -0.5}}",
      "parameters.density: -0.5 is outside [0, 1]"),
    Case(
      "{merge_method: ties, base_model: models/llama-base, \(two), parameters: {weight: heavy}}",
      "parameters.weight: 'heavy' is not a finite number"),
    Case(
      "{merge_method: linear, \(two), parameters: {weight: [{value: 1}, 2]}}",
      "merge.yaml:1: parameters.weight: values and conditions stand in one list; give every entry a 'value:', or none"),
    Case(
      "{merge_method: linear, \(two), parameters: {weight: {filter: mlp}}}",
      "merge.yaml:1: parameters.weight: has no 'value:'"),
    Case(
      "{merge_method: linear, models: [{model: models/llama-a}, {model: models/gpt2-a}], parameters: {weight: 1}}",
      "DIR/models/gpt2-a: has 2 layers, DIR/models/llama-a has 3. "
        + "Merge models of one depth, or name layers under 'slices:'."),
    Case(
      "{merge_method: linear, slices: [{sources: [{model: models/llama-a, layer_range: [0, 2]}, "
        + "{model: models/gpt2-a, layer_range: [0, 2]}]}], parameters: {weight: 1}}",
      "DIR/models/gpt2-a: is of another family than DIR/models/llama-a: its tensors have other names. "
        + "Merge models of one family."),
    Case(
      "{merge_method: linear, models: [{model: models/llama-a}, {model: models/llama-a}], parameters: {weight: 1}}",
      "models: DIR/models/llama-a stands here twice. Give it once, with the sum of its weights."),
    Case(
      "{merge_method: slerp, base_model: models/llama-base, \(two), parameters: {t: 0.5}}",
      "models: slerp takes exactly 2 models with the base, got 3"),
    Case(
      "{merge_method: passthrough, slices: [{sources: [{model: models/llama-a, layer_range: [2, 4]}]}]}",
      "slices.0.sources.0.layer_range: ends at 4, but DIR/models/llama-a has 3 layers"),
    Case(
      "{merge_method: passthrough, slices: [{sources: [{model: models/llama-a, layer_range: [2, 1]}]}]}",
      "merge.yaml:1: slices.0.sources.0.layer_range: [2, 1] is not [first, end] with 0 <= first < end"),
    Case(
      "{merge_method: linear, slices: [{sources: [{model: models/llama-a, layer_range: [0, 2]}, "
        + "{model: models/llama-b, layer_range: [0, 1]}]}]}",
      "merge.yaml:1: slices.0.sources: have 2, 1 layers; all sources of a slice need as many"),
    Case(
      "{merge_method: linear, models: [{model: models/words-base}, {model: models/words-a}], parameters: {weight: 1}}",
      "DIR/models/words-a: has another tokenizer than DIR/models/words-base. "
        + "Say what becomes of the tokens with 'tokenizer_source: union' or 'base'."),
    Case(
      "{merge_method: linear, \(two), parameters: {weight: 1}, tokenizer_source: union}",
      "DIR/models/llama-a: has no tokenizer.json, which 'tokenizer_source: union' needs. "
        + "Save the tokenizer as tokenizer.json in that folder."),
    Case(
      "{merge_method: linear, models: [{model: models/words-a}], parameters: {weight: 1}, tokenizer_source: onion}",
      "tokenizer_source: 'onion' is neither union, base nor a model of this merge. The models are DIR/models/words-a."),
    Case(
      "{merge_method: linear, \(two), parameters: {weight: [1, 0]}, dtype: int8}",
      "merge.yaml:1: dtype: 'int8' is not one of automatic, float16, bfloat16, float32, float64"),
    Case(
      "{merge_method: linear, models: [{model: models/llama-a, parameters: {weight: 1}}, "
        + "{model: models/llama-b, parameters: {weight: -1}}]}",
      "parameters.weight: the weights for model.embed_tokens.weight sum to 0, and nothing can be divided by that. "
        + "Give other weights, or set normalize to false."),
    Case(
      "{merge_method: della, base_model: models/llama-base, \(two), "
        + "parameters: {weight: 1, density: 0.9, epsilon: 0.2}}",
      "parameters.epsilon: density 0.9 ± epsilon 0.2 leaves (0, 1) at model.embed_tokens.weight. "
        + "Give a smaller epsilon."),
    Case(
      "{merge_method: linear, \(two), modules: {default: {}}}",
      "merge.yaml:1: modules: models of several modules are not supported; give models or slices"),
    Case(
      "{merge_method: linear, \(two), parameters: {weight: 1}, chat_template: chatml}",
      "merge.yaml:1: chat_template: 'chatml' is neither auto nor a Jinja template"),
  ]

  @Test("In words", arguments: cases)
  func refused(_ refusal: Case) throws {
    let error = #expect(throws: GroveError.self) {
      _ = try MergePlan(MergeFixture.config(yaml: refusal.yaml))
    }
    let message = error?.description.replacing(MergeFixture.folder.path, with: "DIR")
    #expect(message == refusal.message)
  }

  /// Copies a model, changes its tensors, and merges it with the original.
  private static func changed(
    _ change: (inout [SafetensorsWriter.Item]) throws -> Void, _ body: (URL, () throws -> Void) throws -> Void
  ) throws {
    try Fixtures.withTemporaryFolder { folder in
      let copy = folder.appending(path: "copy")
      try FileManager.default.copyItem(at: URL(filePath: MergeFixture.model("llama-a")), to: copy)
      let weights = try ModelFolder.weights(copy)
      var items = try weights.names.map { SafetensorsWriter.Item($0, try weights.tensor($0)) }
      try change(&items)
      try ModelFolder.write(items, to: copy, shardBytes: 1 << 30)
      try body(copy) {
        _ = try MergePlan(
          MergeFixture.config(
            yaml: "{merge_method: linear, models: [{model: models/llama-a}, {model: \(copy.path)}], "
              + "parameters: {weight: 1}}"))
      }
    }
  }

  @Test("A missing tensor is named")
  func missing() throws {
    try Self.changed {
      $0.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" }
    } _: { copy, merge in
      let error = #expect(throws: GroveError.self, performing: merge)
      #expect(
        error?.description
          == "\(copy.path): the tensor model.layers.1.mlp.up_proj.weight is missing, which another model has. "
          + "Merge models of one architecture.")
    }
  }

  @Test("Tensors of different shapes are named with both")
  func shapes() throws {
    try Self.changed {
      $0.removeAll { $0.name == "model.norm.weight" }
      $0.append(.init("model.norm.weight", try .zeros([17], .float32)))
    } _: { copy, merge in
      let error = #expect(throws: GroveError.self, performing: merge)
      #expect(
        error?.description == "\(copy.path): model.norm.weight has the shape [17], "
          + "in \(MergeFixture.model("llama-a")) [16]")
    }
  }

  @Test("Another vocabulary without a word about tokens is refused with what to say")
  func vocabulary() throws {
    try Self.changed {
      $0.removeAll { $0.name == "model.embed_tokens.weight" }
      $0.append(.init("model.embed_tokens.weight", try .zeros([31, 16], .float32)))
    } _: { copy, merge in
      let error = #expect(throws: GroveError.self, performing: merge)
      #expect(
        error?.description == "\(copy.path): model.embed_tokens.weight has the shape [31, 16], "
          + "in \(MergeFixture.model("llama-a")) [29, 16]. "
          + "Say what becomes of the tokens with 'tokenizer_source: union' or 'base'.")
    }
  }

  @Test("A setting that the method does not use is told, not refused")
  func notes() throws {
    let config = try MergeFixture.config(
      yaml: "{merge_method: linear, \(Self.two), parameters: {weight: 1, density: 0.5}}")
    #expect(try MergePlan(config).notes == ["parameters.density: linear does not use it"])
  }
}
