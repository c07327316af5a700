import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// Works out a `MergePlan`.
struct MergePlanner {
  let config: MergeConfig
  let method: MergeMethod
  let models: [SourceModel]
  let donor: Int
  let vocabulary: VocabularyPlan?
  let names: TensorNames
  let slices: [Slice]

  /// Layers of the result, and the models that they come from.
  struct Slice {
    /// The models, as the planner counts them.
    let sources: [(model: Int, layers: Range<Int>)]
    /// The place of the base among the sources, where the method has one.
    let base: Int?
    let resolver: ParameterResolver

    var count: Int { sources[0].layers.count }
  }

  init(_ config: MergeConfig) throws {
    guard let method = config.method else { preconditionFailure("a config that was not validated") }
    (self.config, self.method) = (config, method)
    var (models, indices): ([SourceModel], [String: Int]) = ([], [:])
    func model(_ name: String) throws -> Int {
      if let index = indices[name] { return index }
      let opened = try SourceModel(name)
      let same = models.firstIndex { $0.folder.standardizedFileURL == opened.folder.standardizedFileURL }
      if same == nil { models.append(opened) }
      indices[name] = same ?? models.count - 1
      return indices[name] ?? 0
    }
    // The base comes first: it gives config and tokenizer.
    let base = config.baseModel.isEmpty ? nil : try model(config.baseModel)
    var slices: [Slice] = []
    if config.slices.isEmpty {
      let chosen = try config.models.map { try model($0.model) }
      slices = [try MergePlanner.whole(config, method, chosen, models, base)]
    } else {
      for index in config.slices.indices {
        let chosen = try config.slices[index].sources.map { try model($0.model) }
        let ownBase = try config.slices[index].baseModel.isEmpty ? base : model(config.slices[index].baseModel)
        slices.append(try MergePlanner.slice(config, method, index, chosen, models, ownBase))
      }
    }
    (self.models, self.slices) = (models, slices)
    donor = base ?? slices[0].sources[0].model
    names = models[donor].names
    try MergePlanner.requireOneFamily(models, needsLayers: !config.slices.isEmpty)
    vocabulary = try MergePlanner.vocabulary(config, models, donor, indices)
  }

  // MARK: Slices

  private static func whole(
    _ config: MergeConfig, _ method: MergeMethod, _ chosen: [Int], _ models: [SourceModel], _ base: Int?
  ) throws -> Slice {
    var chosen = chosen
    var own = config.models.enumerated().map {
      ParameterResolver.Level(field: "models.\($0).parameters", settings: $1.parameters)
    }
    if let base, !chosen.contains(base) {
      chosen.append(base)
      own.append(.init(field: "parameters", settings: [:]))
    }
    for model in chosen where models[model].layers != models[chosen[0]].layers {
      throw GroveError(
        .mismatch, models[model].name,
        "has \(models[model].layers) layers, \(models[chosen[0]].name) has \(models[chosen[0]].layers)",
        remedy: "Merge models of one depth, or name layers under 'slices:'.")
    }
    let sources = chosen.map { (model: $0, layers: 0..<models[$0].layers) }
    let shared = [ParameterResolver.Level(field: "parameters", settings: config.parameters)]
    return try checked(method, "models", sources, models, base, own, shared)
  }

  private static func slice(
    _ config: MergeConfig, _ method: MergeMethod, _ index: Int, _ chosen: [Int], _ models: [SourceModel], _ base: Int?
  ) throws -> Slice {
    let slice = config.slices[index]
    let sources = try zip(chosen, slice.sources).enumerated().map { place, pair in
      let (model, source) = pair
      let layers = source.layers ?? 0..<0
      guard layers.upperBound <= models[model].layers else {
        throw GroveError(
          .config, "slices.\(index).sources.\(place).layer_range",
          "ends at \(layers.upperBound), but \(models[model].name) has \(models[model].layers) layers")
      }
      return (model: model, layers: layers)
    }
    let own = slice.sources.enumerated().map { place, source in
      ParameterResolver.Level(
        field: "slices.\(index).sources.\(place).parameters", settings: source.parameters)
    }
    let shared = [
      ParameterResolver.Level(field: "slices.\(index).parameters", settings: slice.parameters),
      .init(field: "parameters", settings: config.parameters),
    ]
    return try checked(method, "slices.\(index)", sources, models, base, own, shared)
  }

  private static func checked(
    _ method: MergeMethod, _ field: String, _ sources: [(model: Int, layers: Range<Int>)], _ models: [SourceModel],
    _ base: Int?, _ own: [ParameterResolver.Level], _ shared: [ParameterResolver.Level]
  ) throws -> Slice {
    func wrong(_ problem: String, _ remedy: String = "") -> GroveError {
      GroveError(.config, field, problem, remedy: remedy)
    }
    let chosen = sources.map(\.model)
    if let twice = chosen.indices.first(where: { chosen[..<$0].contains(chosen[$0]) }) {
      throw wrong("\(models[chosen[twice]].name) stands here twice", "Give it once, with the sum of its weights.")
    }
    let contract = method.contract
    let place = contract.base == .ignored ? nil : base.flatMap { chosen.firstIndex(of: $0) }
    if contract.base == .required, place == nil {
      throw wrong(
        "\(method.rawValue) needs a base among its models", "Name the folder of one as 'base_model:'.")
    }
    guard contract.models.contains(chosen.count) else {
      let (least, most) = (contract.models.lowerBound, contract.models.upperBound)
      let wanted = least == most ? "exactly \(least)" : chosen.count < least ? "at least \(least)" : "at most \(most)"
      throw wrong("\(method.rawValue) takes \(wanted) models with the base, got \(chosen.count)")
    }
    let resolver = ParameterResolver(
      method: method, shared: shared, ofModels: own.map { [$0] }, models: chosen.map { models[$0].name })
    return Slice(sources: sources, base: place, resolver: resolver)
  }

  private static func requireOneFamily(_ models: [SourceModel], needsLayers: Bool) throws {
    for model in models where model.names != models[0].names {
      throw GroveError(
        .mismatch, model.name, "is of another family than \(models[0].name): its tensors have other names",
        remedy: "Merge models of one family.")
    }
    guard needsLayers, !models[0].names.isKnown else { return }
    throw GroveError(
      .config, "slices", "the layers of \(models[0].name) have names that are not known",
      remedy: "Slices work for models whose tensors are named as LLaMA's or GPT-2's.")
  }

  private static func vocabulary(
    _ config: MergeConfig, _ models: [SourceModel], _ donor: Int, _ indices: [String: Int]
  ) throws -> VocabularyPlan? {
    var source = config.tokenizerSource
    if source.isEmpty, !config.tokenizer.isEmpty {
      source = config.tokenizer.source.isEmpty ? "union" : config.tokenizer.source
    }
    if !source.isEmpty {
      guard models[donor].names.isKnown else {
        throw GroveError(
          .config, "tokenizer_source", "the embeddings of \(models[donor].name) have names that are not known",
          remedy: "Leave it out: models with the same tokenizer do not need it.")
      }
      return try VocabularyPlan(source, config.tokenizer, models: models, base: donor, names: indices)
    }
    for model in models {
      guard let mine = model.vocabulary, let theirs = models[donor].vocabulary, mine.ids != theirs.ids else { continue }
      throw GroveError(
        .mismatch, model.name, "has another tokenizer than \(models[donor].name)",
        remedy: "Say what becomes of the tokens with 'tokenizer_source: union' or 'base'.")
    }
    return nil
  }

  // MARK: Tensors

  func entries() throws -> [MergePlan.Entry] {
    var entries: [MergePlan.Entry] = []
    try append(loose(slices[0], isAfter: false), of: slices[0], to: &entries)
    var layer = 0
    for slice in slices {
      for offset in 0..<slice.count {
        let position = slice.count > 1 ? Double(offset) / Double(slice.count - 1) : 1
        for rest in try layerNames(slice, offset) {
          entries.append(
            try entry(
              names.name(layer: layer, rest),
              slice.sources.map { ($0.model, names.name(layer: $0.layers.lowerBound + offset, rest)) },
              slice, position))
        }
        layer += 1
      }
    }
    try append(loose(slices[slices.count - 1], isAfter: true), of: slices[slices.count - 1], to: &entries)
    return entries
  }

  private func append(_ tensors: [String], of slice: Slice, to entries: inout [MergePlan.Entry]) throws {
    for name in tensors { entries.append(try entry(name, slice.sources.map { ($0.model, name) }, slice, 0)) }
  }

  /// The tensors outside the layers of a slice's models. An output matrix that is the embedding everywhere is none.
  private func loose(_ slice: Slice, isAfter: Bool) -> [String] {
    let chosen = slice.sources.map { models[$0.model] }
    var found = Set(chosen.flatMap { $0.storedNames.keys }.filter { names.layer(of: $0) == nil })
    if chosen.allSatisfy({ $0.isTied || $0.storedNames[names.head] == nil }) { found.remove(names.head) }
    return found.filter { names.isAfterLayers($0) == isAfter }.sorted()
  }

  /// What stands behind the number in the names of one layer.
  private func layerNames(_ slice: Slice, _ offset: Int) throws -> [String] {
    var found: Set<String> = []
    for source in slice.sources {
      for name in models[source.model].storedNames.keys {
        guard let layer = names.layer(of: name), layer.number == source.layers.lowerBound + offset else { continue }
        found.insert(String(layer.rest))
      }
    }
    return found.sorted()
  }

  private func entry(
    _ name: String, _ sources: [(model: Int, tensor: String)], _ slice: Slice, _ position: Double
  ) throws -> MergePlan.Entry {
    let stored = try sources.map { source in
      guard let entry = models[source.model].entry(source.tensor) else {
        throw GroveError(
          .format, models[source.model].folder.path, "the tensor \(source.tensor) is missing, which another model has",
          remedy: "Merge models of one architecture.")
      }
      return entry
    }
    let isVocabulary = names.isVocabulary(name)
    let shape = try commonShape(name, sources, stored, isAligned: vocabulary != nil && isVocabulary)
    let isFloat = stored.allSatisfy(\.dtype.isFloatingPoint)
    let promoted = stored.map(\.dtype).reduce(stored[0].dtype) { $0.promoted(with: $1) }
    let dtype = isFloat ? config.dtype.dtype ?? promoted : stored[0].dtype
    let place = ParameterResolver.Place(output: name, inputs: sources.map(\.tensor), position: position)
    return MergePlan.Entry(
      name: name, sources: sources, base: slice.base, merge: try slice.resolver.bound(at: place, base: slice.base),
      shape: shape, dtype: dtype, outDType: isFloat ? config.outDType.dtype ?? dtype : dtype,
      isVocabulary: isVocabulary && isFloat)
  }

  private func commonShape(
    _ name: String, _ sources: [(model: Int, tensor: String)], _ stored: [SafetensorsFile.Entry], isAligned: Bool
  ) throws -> [Int] {
    for (source, entry) in zip(sources, stored) {
      let same = isAligned ? entry.shape.dropFirst() == stored[0].shape.dropFirst() : entry.shape == stored[0].shape
      if same { continue }
      let isVocabulary = names.isVocabulary(name) && entry.shape.dropFirst() == stored[0].shape.dropFirst()
      throw GroveError(
        .mismatch, models[source.model].name,
        "\(source.tensor) has the shape \(entry.shape), in \(models[sources[0].model].name) \(stored[0].shape)",
        remedy: isVocabulary ? "Say what becomes of the tokens with 'tokenizer_source: union' or 'base'." : "")
    }
    guard isAligned, let vocabulary else { return stored[0].shape }
    for (source, entry) in zip(sources, stored) {
      let size = try models[source.model].vocabularySize()
      guard entry.shape.count == 2, entry.shape[0] >= size else {
        throw GroveError(
          .mismatch, models[source.model].name,
          "\(source.tensor) has the shape \(entry.shape), but config.json says vocab_size \(size)")
      }
    }
    return [vocabulary.rows] + stored[0].shape.dropFirst()
  }
}
