import GroveCore
import GroveTensor

extension MergePlanner {
  /// The donor's config with what the merge changes: layers, tokens, dtype, and whether the output matrix is tied.
  func outputConfig(_ entries: [MergePlan.Entry]) -> JSONValue {
    var output = models[donor].config
    if !config.slices.isEmpty {
      output = output.setting(names.layerCountKey, to: .integer(slices.reduce(0) { $0 + $1.count }))
      if let types = layerTypes() { output = output.setting("layer_types", to: types) }
    }
    if let vocabulary { output = output.setting("vocab_size", to: .integer(vocabulary.rows)) }
    let hasHead = entries.contains { $0.name == names.head && !names.head.isEmpty }
    if hasHead, models[donor].isTied { output = output.setting("tie_word_embeddings", to: false) }
    if let dtype = entries.first(where: { $0.outDType.isFloatingPoint })?.outDType {
      output = output.setting(output["dtype"] != nil ? "dtype" : "torch_dtype", to: .string("\(dtype)"))
    }
    return output
  }

  /// The list that newer configs have of what each layer is, in the order of the result.
  private func layerTypes() -> JSONValue? {
    let lists = slices.map { slice in
      models[slice.sources[0].model].config["layer_types"]?.arrayValue.flatMap { types in
        types.count >= slice.sources[0].layers.upperBound ? Array(types[slice.sources[0].layers]) : nil
      }
    }
    guard lists.allSatisfy({ $0 != nil }) else { return nil }
    return .array(lists.compactMap { $0 }.flatMap { $0 })
  }
}

extension MergeDType {
  /// Nil for what the tensors have.
  var dtype: DType? {
    switch self {
    case .automatic: nil
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    }
  }
}

extension DType {
  /// The dtype that holds the values of both: float32 for float16 and bfloat16.
  func promoted(with other: DType) -> DType {
    if self == other { return self }
    if self == .float64 || other == .float64 { return .float64 }
    return .float32
  }
}
