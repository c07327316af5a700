public import Foundation
import GroveCore
import GroveTensor
import GroveTokenizer

/// A decoder written anew: as a Hugging Face folder or as a GGUF file, with its weights in another type.
///
/// Tensors are read and written one by one, so memory does not grow with the model.
public struct ModelConversion {
  /// What is written.
  public enum Format: String, Sendable, CaseIterable {
    /// A folder as Hugging Face lays it out.
    case safetensors
    /// One file, which llama.cpp reads.
    case gguf
  }

  /// How matrices are held. In a GGUF file, vectors and learned positions are float32 whatever is chosen, and matrices whose
  /// rows are no whole blocks are float16.
  public enum WeightType: String, Sendable, CaseIterable {
    case float32, float16, bfloat16
    case q8_0, q4_0

    /// Nil for blocks, which safetensors do not have.
    var dtype: DType? { gguf.dtype }

    var gguf: GGUFTensorType {
      switch self {
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .q8_0: .q8_0
      case .q4_0: .q4_0
      }
    }
  }

  /// Whether the tokenizer goes along.
  public enum TokenizerRule: Sendable {
    case included
    case leftOut
  }

  /// A tensor that is written.
  public struct PlannedTensor: Sendable {
    /// Its name in the result.
    public let name: String
    /// Its shape in the result, the slowest axis first.
    public let shape: [Int]
    /// As the format calls it: "F32", "Q8_0".
    public let type: String
    /// Bytes in the result.
    public let byteCount: Int
  }

  public let config: ModelConfig
  public let format: Format
  /// In the order of the model.
  public let tensors: [PlannedTensor]
  private let source: URL
  private let type: WeightType
  private let tokenizerRule: TokenizerRule
  private let weights: CheckpointWeights
  private let located: LocatedTensors
  private let metadata: [(key: String, value: GGUFValue)]
  private let ggufItems: [GGUFWriter.Item]
  private let folderItems: [SafetensorsWriter.Item]

  /// Reads the config and the header of the weights, and checks that the result can hold the model.
  /// - Throws: `GroveError` for a model that is damaged, that GGUF cannot hold, or whose tokenizer it cannot.
  public init(_ source: URL, to format: Format, _ type: WeightType, tokenizer: TokenizerRule) throws {
    (self.source, self.format, self.type, tokenizerRule) = (source, format, type, tokenizer)
    config = try ModelFolder.loadConfig(source)
    weights = try ModelFolder.weights(source)
    let model = try makeModel(config, weights: .blank)
    located = try LocatedTensors(of: model, in: weights, model.traits)
    switch format {
    case .safetensors:
      guard let dtype = type.dtype else {
        throw GroveError(
          .argument, "dtype", "safetensors have no \(type.rawValue)", remedy: "Give float32, float16 or bfloat16.")
      }
      (metadata, ggufItems) = ([], [])
      folderItems = ModelConversion.items(located, weights, dtype)
      tensors = folderItems.map {
        .init(name: $0.name, shape: $0.shape, type: $0.dtype.safetensorsName, byteCount: $0.byteCount)
      }
    case .gguf:
      folderItems = []
      metadata = try ModelConversion.metadata(config, source, type, tokenizer)
      ggufItems = try ModelConversion.items(located, weights, config, type)
      tensors = ggufItems.map { .init(name: $0.name, shape: $0.shape, type: $0.type.name, byteCount: $0.byteCount) }
    }
  }

  /// Bytes of all tensors in the result.
  public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Writes the folder or file, which appears when it is whole.
  /// - Parameter onTensor: is told how many tensors are written.
  /// - Throws: `GroveError` with code `.file`, also if there is something under that name already.
  public func write(to target: URL, onTensor: @escaping (Int) -> Void) throws {
    try located.requireTwins(in: weights)
    var done = 0
    func counted(_ make: @escaping () throws -> Tensor) -> () throws -> Tensor {
      {
        done += 1
        onTensor(done)
        return try make()
      }
    }
    switch format {
    case .safetensors:
      let items = folderItems.map { item in
        SafetensorsWriter.Item(item.name, item.dtype, item.shape, make: counted(item.make))
      }
      try OutputFolder.write(target) { folder in
        try writeFiles(to: folder)
        try ModelFolder.write(items, to: folder, shardBytes: ModelConversion.shardBytes)
      }
    case .gguf:
      if FileSystem.exists(target) {
        throw GroveError(.file, target.path, "is there already", remedy: "Name another file, or remove this one.")
      }
      let items = ggufItems.map { GGUFWriter.Item($0.name, $0.type, $0.shape, make: counted($0.make)) }
      try GGUFWriter.write(items, metadata: metadata, to: target)
    }
  }

  private static let shardBytes = 5_000_000_000
}

extension ModelConversion {
  /// Makes a tensor, and then gives the memory of the mapped file that it took back.
  private static func make(_ name: String, _ weights: CheckpointWeights, _ change: @escaping (Tensor) throws -> Tensor)
    -> () throws -> Tensor
  {
    {
      let tensor = try withGradients(.off) { try change(weights.tensor(name)).contiguous() }
      weights.release(name)
      return tensor
    }
  }

  private static func items(
    _ located: LocatedTensors, _ weights: CheckpointWeights, _ dtype: DType
  ) -> [SafetensorsWriter.Item] {
    located.tensors.map { stored, name in
      SafetensorsWriter.Item(stored.name, dtype, stored.shape, make: make(name, weights) { $0 })
    }
  }

  private static func items(
    _ located: LocatedTensors, _ weights: CheckpointWeights, _ config: ModelConfig, _ type: WeightType
  ) throws -> [GGUFWriter.Item] {
    guard let architecture = GGUFArchitecture(config.family) else { return [] }
    let map = GGUFTensorMap(config, architecture)
    let pairs = Dictionary(map.pairs.map { ($0.checkpoint, $0) }) { first, _ in first }
    var items = try located.tensors.map { stored, name in
      guard let pair = pairs[stored.name] else {
        throw GroveError(.argument, weights.folder.path, "GGUF has no place for the tensor \(stored.name)")
      }
      let shape = pair.layout.shape(stored.shape)
      return GGUFWriter.Item(
        pair.gguf, self.type(type.gguf, pair.gguf, shape), shape, make: make(name, weights, pair.layout.written))
    }
    if config.positions.scaling.kind == .llama3 {
      let factors = GGUFRotary.factors(config)
      items.append(.init("rope_freqs.weight", .float32, [factors.count]) { try Tensor(factors, [factors.count]) })
    }
    return items
  }

  /// llama.cpp adds vectors and learned positions in float32.
  private static func type(_ type: GGUFTensorType, _ name: String, _ shape: [Int]) -> GGUFTensorType {
    if shape.count < 2 || name == "position_embd.weight" { return .float32 }
    return shape[shape.count - 1].isMultiple(of: type.blockElements) ? type : .float16
  }

  private static func metadata(
    _ config: ModelConfig, _ source: URL, _ type: WeightType, _ tokenizer: TokenizerRule
  ) throws -> [(key: String, value: GGUFValue)] {
    var fields = try GGUFMetadata(config, place: source.path).fields
    let name = source.standardizedFileURL.deletingPathExtension().lastPathComponent
    fields.insert(("general.name", .string(name)), at: 2)
    fields.append(("general.file_type", .uint32(fileType(type))))
    fields.append(("general.quantization_version", .uint32(2)))
    guard tokenizer == .included else { return fields + GGUFTokenizer.none }
    guard GGUFFile.isGGUF(source) else {
      return try fields + GGUFTokenizer.metadata(ofFolder: source, vocabularySize: config.vocabularySize)
    }
    return try fields + GGUFFile(source).metadata.filter { $0.key.hasPrefix("tokenizer.") }
  }

  /// llama.cpp's code of what most tensors are.
  private static func fileType(_ type: WeightType) -> UInt32 {
    switch type {
    case .float32: 0
    case .float16: 1
    case .q4_0: 2
    case .q8_0: 7
    case .bfloat16: 32
    }
  }

  // MARK: What a folder holds besides weights

  private func writeFiles(to folder: URL) throws {
    let dtype = JSONValue.string(type.rawValue)
    func write(_ json: JSONValue, _ name: String) throws {
      try FileSystem.write(json.prettyText + "\n", to: folder.appending(path: name))
    }
    guard GGUFFile.isGGUF(source) else {
      var config = try JSONValue(contentsOf: source.appending(path: "config.json"))
      for key in ["torch_dtype", "dtype"] where config[key] != nil { config = config.setting(key, to: dtype) }
      try write(config, "config.json")
      for name in ModelConversion.companions where tokenizerRule == .included || name == "generation_config.json" {
        let file = source.appending(path: name)
        if FileSystem.exists(file) { try FileSystem.write(FileSystem.read(file), to: folder.appending(path: name)) }
      }
      return
    }
    let file = try GGUFFile(source)
    func id(_ role: SpecialTokenRole) -> Int? {
      GGUFTokenizer.roles.first { $0.role == role }.flatMap { file[$0.key]?.integerValue }
    }
    var json = HuggingFaceConfig.write(config, endOfText: id(.ending) ?? 0).setting("torch_dtype", to: dtype)
    if let first = id(.beginning) { json = json.setting("bos_token_id", to: .integer(first)) }
    try write(json, "config.json")
    guard tokenizerRule == .included else { return }
    if GGUFTokenizer.isSentencePiece(file) {
      let bytes = try GGUFTokenizer.sentencePiece(file).bytes
      try FileSystem.write(bytes, to: folder.appending(path: Tokenizer.sentencePieceFileName))
    } else {
      try write(GGUFTokenizer.document(file), Tokenizer.fileName)
    }
    try write(GGUFTokenizer.config(file), "tokenizer_config.json")
  }

  /// The files of a folder that have nothing to do with how weights are held.
  private static let companions = [
    "generation_config.json", Tokenizer.fileName, "tokenizer_config.json", "special_tokens_map.json",
    "chat_template.jinja", "chat_template.json", "tokenizer.model", "vocab.json", "merges.txt", "added_tokens.json",
  ]
}
