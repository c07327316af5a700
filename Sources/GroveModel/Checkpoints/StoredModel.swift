public import Foundation
import GroveCore
import GroveTensor

/// A model of any kind, as a folder holds it.
public enum StoredModel {
  /// Predicts the next token.
  case decoder(any LanguageModel)
  /// Writes a text after reading another one.
  case encoderDecoder(T5)
  /// Guesses masked tokens.
  case masked(MaskedLanguageModel)

  /// The model itself.
  public var module: any Module {
    switch self {
    case .decoder(let model): model
    case .encoderDecoder(let model): model
    case .masked(let model): model
    }
  }

  /// Ids of its vocabulary.
  public var vocabularySize: Int {
    switch self {
    case .decoder(let model): model.config.vocabularySize
    case .encoderDecoder(let model): model.config.vocabularySize
    case .masked(let model): model.config.vocabularySize
    }
  }
}

extension ModelFolder {
  /// Reads a model of any kind. Weights stay in the mapped files until they are prepared.
  /// - Throws: `GroveError`: an architecture that Grove does not know, a missing tensor, one that nothing used, or a wrong
  ///   shape, by name.
  public static func open(_ folder: URL) throws -> StoredModel {
    if GGUFFile.isGGUF(folder) { return .decoder(try load(folder)) }
    let reader = try reader(folder)
    let type = try reader.text("model_type")
    if type == "t5" || type == "grove_t5" {
      let model = try T5(EncoderDecoderConfig(reader), weights: .blank)
      try load(weights: folder, into: model, model.traits)
      return .encoderDecoder(model)
    }
    if let family = type.flatMap(EncoderConfig.Family.init) {
      let model = try MaskedLanguageModel(EncoderConfig(reader, family: family), weights: .blank)
      try load(weights: folder, into: model, model.traits)
      return .masked(model)
    }
    return .decoder(try load(folder))
  }

  /// Writes `config.json` and `model.safetensors` of a model of any kind into an existing folder.
  /// - Parameter endOfText: the id that ends a document, for a decoder.
  public static func save(_ model: StoredModel, endOfText: Int, to folder: URL) throws {
    let config: JSONValue
    var implied: [SafetensorsWriter.Item] = []
    switch model {
    case .decoder(let model): return try save(model, endOfText: endOfText, to: folder)
    case .encoderDecoder(let model): config = model.config.huggingFace
    case .masked(let model):
      config = model.config.huggingFace
      implied = try model.impliedItems()
    }
    try FileSystem.write(config.prettyText + "\n", to: folder.appending(path: "config.json"))
    try SafetensorsWriter.write(try items(of: model.module) + implied, to: folder.appending(path: "model.safetensors"))
  }

  static func reader(_ folder: URL) throws -> HuggingFaceReader {
    let file = folder.appending(path: "config.json")
    guard FileSystem.isFolder(folder) else {
      throw GroveError(.file, folder.path, "is not a folder", remedy: "A model is a folder with config.json.")
    }
    return HuggingFaceReader(json: try JSONValue(contentsOf: file), place: file.path)
  }
}

/// What a loader must know of the checkpoints of a model, besides its tensors.
struct CheckpointTraits {
  /// Before the names of all tensors but the head's; a checkpoint of the bare model leaves it out.
  var base = ""
  /// The first tensor behind `base`: where it is says whether `base` is there.
  var first = ""
  /// Endings of tensors that nothing needs.
  var ignored: [String] = []
  /// Tensors that some writers store again under another name: the name, and that of the one that it must equal.
  var twins: [(name: String, of: String)] = []
}

extension LanguageModel {
  var traits: CheckpointTraits {
    let names = config.family.form.names(config)
    return CheckpointTraits(
      base: names.base, first: "\(names.embedding).weight", ignored: names.ignored,
      twins: config.tiedEmbeddings ? [("\(names.head).weight", "\(names.base)\(names.embedding).weight")] : [])
  }
}

extension T5 {
  fileprivate var traits: CheckpointTraits {
    let tied = config.tiedEmbeddings ? ["lm_head.weight"] : []
    return CheckpointTraits(
      ignored: ["EncDecAttention.relative_attention_bias.weight"],
      twins: (["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"] + tied).map { ($0, "shared.weight") })
  }
}

extension MaskedLanguageModel {
  /// What the architecture has and the model leaves out: BERT has one kind of segment at least, here of zeros, which change
  /// nothing.
  fileprivate func impliedItems() throws -> [SafetensorsWriter.Item] {
    guard config.family != .grove, config.segments == 0 else { return [] }
    let base = config.countsText ? "roberta" : "bert"
    let zeros = try Tensor.zeros([1, config.width], .float32)
    return [SafetensorsWriter.Item("\(base).embeddings.token_type_embeddings.weight", zeros)]
  }

  fileprivate var traits: CheckpointTraits {
    let isBERT = !config.countsText
    let (base, head) = isBERT ? ("bert", "cls.predictions") : ("roberta", "lm_head")
    return CheckpointTraits(
      // The next-sentence head and the pooler before it are no part of a masked model.
      ignored: ["embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"]
        + ["weight", "bias"].map { "seq_relationship.\($0)" },
      twins: [
        ("\(head).decoder.weight", "\(base).embeddings.word_embeddings.weight"),
        ("\(head).decoder.bias", "\(head).bias"),
      ])
  }
}
