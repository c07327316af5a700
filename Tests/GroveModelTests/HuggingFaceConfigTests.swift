import GroveCore
import GroveModel
import GroveTesting
import Testing

@Suite("config.json of a Hugging Face checkpoint")
struct HuggingFaceConfigTests {
  private static let llama = """
    "model_type":"llama","vocab_size":64,"max_position_embeddings":48,"hidden_size":32,"num_hidden_layers":2,
    "num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":48
    """
  private static let gpt2 = """
    "model_type":"gpt2","vocab_size":64,"n_positions":48,"n_embd":32,"n_layer":2,"n_head":4
    """

  /// Reads an object; a member that comes later takes the place of an earlier one of the same key.
  private static func read(_ members: String) throws -> ModelConfig {
    try HuggingFaceConfig.read(JSONValue(parsing: Array("{\(members)}".utf8), at: "config.json"), at: "config.json")
  }

  @Test("What is written is read back", arguments: ModelConfig.Family.allCases)
  func roundTrip(family: ModelConfig.Family) throws {
    var config = TinyModel.config(family)
    config.tiedEmbeddings = false
    if family != .opt { config.normEpsilon = 3e-6 }  // its config.json has no place for it
    if config.architecture.positions == .rotary { config.positions.rotaryBase = 500_000 }
    if [.llama, .mistral, .qwen3, .gemma3].contains(family) { config.attention.headWidth = 16 }
    #expect(config.issues().isEmpty)
    let read = try HuggingFaceConfig.read(HuggingFaceConfig.write(config, endOfText: 3), at: "config.json")
    #expect(read.resolved == config.resolved)
  }

  @Test("What a family's config.json has no place for is refused by field; the family grove takes it")
  func noPlace() {
    var config = TinyModel.config(.llama)
    config.positions.kind = .alibi
    config.norm.placement = .parallel
    #expect(
      config.issues().map(\.description) == [
        "positions.kind: alibi cannot be written as llama, which has rotary; the family grove takes any",
        "norm.placement: parallel cannot be written as llama, which has before; the family grove takes any",
      ])
    config.family = .grove
    #expect(config.issues().isEmpty)
    config = TinyModel.config(.gpt2)
    config.attention.keyValueHeads = 2
    config.attention.window = 8
    #expect(
      config.issues().map(\.description) == [
        "attention.keyValueHeads: 2 cannot be written as gpt2, which has 4; the family grove takes any",
        "attention.window: 8 cannot be written as gpt2, which has 0; the family grove takes any",
      ])
  }

  @Test("Keys that are missing have the defaults of transformers")
  func defaults() throws {
    let llama = try Self.read(Self.llama.replacing("\"num_key_value_heads\":2,", with: ""))
    #expect(llama.attention.keyValueHeads == 4 && !llama.tiedEmbeddings)
    #expect(llama.normEpsilon == 1e-6 && llama.positions.rotaryBase == 10_000 && llama.headWidth == 8)
    let gpt2 = try Self.read(Self.gpt2)
    #expect(gpt2.tiedEmbeddings && gpt2.feedForwardWidth == 128 && gpt2.normEpsilon == 1e-5)
  }

  @Test("Both ways to write the base of the rotary positions are read")
  func rotaryBase() throws {
    #expect(try Self.read(Self.llama + ",\"rope_theta\":500000.0").positions.rotaryBase == 500_000)
    let inner = #","rope_parameters":{"rope_type":"default","rope_theta":70000}"#
    #expect(try Self.read(Self.llama + inner).positions.rotaryBase == 70_000)
    #expect(try Self.read(Self.llama + ",\"rope_scaling\":null").positions.rotaryBase == 10_000)
  }

  @Test(
    "A LLaMA that Grove cannot compute is refused by its key",
    arguments: [
      (#""vocab_size":1.5"#, "vocab_size 1.5 is not a whole number from 0 to 2147483648"),
      (#""vocab_size":"64""#, "vocab_size \"64\" is not a whole number from 0 to 2147483648"),
      (#""hidden_size":-32"#, "hidden_size -32 is not a whole number from 0 to 2147483648"),
      (#""hidden_size":1e300"#, "hidden_size 1e+300 is not a whole number from 0 to 2147483648"),
      (#""num_hidden_layers":null"#, "num_hidden_layers is missing"),
      (
        #""num_key_value_heads":3"#,
        "describes a model that cannot be: attention.heads: 4 is not a positive multiple of keyValueHeads 3"
      ),
      (
        #""num_attention_heads":0"#,
        "describes a model that cannot be: attention.heads: 0 is not a positive multiple of keyValueHeads 2"
      ),
      (
        #""head_dim":7"#, "describes a model that cannot be: attention.headWidth: 7 is odd; rotary positions turn pairs"
      ),
      (#""tie_word_embeddings":"yes""#, "tie_word_embeddings \"yes\" is not true or false"),
      (#""rms_norm_eps":"small""#, "rms_norm_eps \"small\" is not a number"),
      (#""rms_norm_eps":0"#, "describes a model that cannot be: normEpsilon: 0.0 is not positive"),
      (#""hidden_act":"gelu""#, "hidden_act \"gelu\" is not supported; only silu"),
      (#""attention_bias":1"#, "attention_bias 1 is not true or false"),
      (#""rope_scaling":"linear""#, "rope_scaling is not an object"),
      (
        #""rope_scaling":{"type":"linear","factor":0.5}"#,
        "describes a model that cannot be: positions.scaling.factor: 0.5 is not 1 or more"
      ),
      (
        #""rope_parameters":{"rope_type":"longrope"}"#,
        "rope_type \"longrope\" is not supported; only default, linear, dynamic, llama3, yarn"
      ),
      (
        #""model_type":"mamba""#,
        "model_type \"mamba\" is not one of llama, mistral, qwen2, qwen3, gemma3_text, gpt2, gpt_neox, bloom, opt, phi, "
          + "gpt_bigcode, starcoder2, grove"
      ),
      (#""model_type":7"#, "model_type is missing"),
    ])
  func refusedLLaMA(member: String, message: String) throws {
    let error = #expect(throws: GroveError.self) { try Self.read("\(Self.llama),\(member)") }
    #expect(error?.description == "config.json: \(message)")
    #expect(error?.code == .format)
  }

  @Test(
    "A GPT-2 that Grove cannot compute is refused by its key",
    arguments: [
      (
        #""activation_function":"relu""#,
        "activation_function \"relu\" is not supported; only gelu_new, gelu_pytorch_tanh"
      ),
      (#""scale_attn_weights":false"#, "scale_attn_weights false is not supported"),
      (#""scale_attn_by_inverse_layer_idx":true"#, "scale_attn_by_inverse_layer_idx true is not supported"),
      (#""add_cross_attention":true"#, "add_cross_attention true is not supported"),
      (
        #""n_embd":33"#,
        "describes a model that cannot be: width: 33 is not a multiple of attention.heads 4; set attention.headWidth"
      ),
    ])
  func refusedGPT2(member: String, message: String) throws {
    let error = #expect(throws: GroveError.self) { try Self.read("\(Self.gpt2),\(member)") }
    #expect(error?.description == "config.json: \(message)")
  }
}
