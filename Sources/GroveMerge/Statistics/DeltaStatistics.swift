import GroveCore
import GroveTensor

/// How models differ from the base that they were tuned from: what decides which merge of them can work.
///
/// Task vectors that point the same way can be averaged; those that are sparse, or orthogonal, can be added; where signs
/// conflict, methods like TIES have something to do (Yadav et al. 2023, arXiv:2306.01708, §3).
public struct DeltaStatistics: Sendable {
  /// The statistics of some elements: a tensor, or a group of them.
  public struct Row: Sendable {
    /// A tensor's name, "layer 3", or the name of a kind of tensor in the layers, such as "self_attn.q_proj.weight".
    public let name: String
    /// One for each model, in their order.
    public let models: [Model]
    /// Elements.
    public let count: Int
    /// The share of elements where the task vectors of two models have opposite signs.
    public let signConflicts: Double
    /// The cosine between the task vectors of two models; NaN where one is zero.
    public let cosines: [[Double]]

    /// The task vector of one model.
    public struct Model: Sendable {
      /// Mean |δ|.
      public let meanMagnitude: Double
      /// max |δ|.
      public let largest: Double
      /// The share of elements that are exactly the base's.
      public let sparsity: Double
      /// |δ| / |θ₀| of the vectors; infinite where the base is zero.
      public let normRatio: Double
    }

    init(_ name: String, _ sums: DeltaSums) {
      self.name = name
      count = sums.count
      let elements = Double(max(1, sums.count))
      signConflicts = Double(sums.conflicts) / elements
      models = sums.magnitudes.indices.map { model in
        Model(
          meanMagnitude: sums.magnitudes[model] / elements, largest: sums.largest[model],
          sparsity: Double(sums.zeros[model]) / elements,
          normRatio: (sums.products[model][model] / sums.baseSquares).squareRoot())
      }
      cosines = sums.magnitudes.indices.map { first in
        sums.magnitudes.indices.map { second in
          let lengths = (sums.products[first][first] * sums.products[second][second]).squareRoot()
          return sums.products[max(first, second)][min(first, second)] / lengths
        }
      }
    }
  }

  /// The folder of the base as it was given.
  public let base: String
  /// The folders of the models as they were given.
  public let models: [String]
  /// All elements.
  public let all: Row
  /// One for each tensor, in the order of their names.
  public let tensors: [Row]
  /// One for each layer, then one for what is outside the layers.
  public let layers: [Row]
  /// One for each kind of tensor: the same tensor in all layers.
  public let kinds: [Row]
  /// For each layer, the ratio of norms of each kind, by model: `[model][layer][kind]`; NaN where there is none.
  let ratios: [[[Double]]]
  /// For each layer, the share of sign conflicts of each kind: `[layer][kind]`.
  let conflicts: [[Double]]
  /// The kinds that are in layers: the columns of `ratios`.
  let layerKinds: [String]

  /// Compares models with their base.
  ///
  /// - Parameters:
  ///   - base: a local folder.
  ///   - models: local folders; names, shapes and family must be the base's.
  ///   - onTensor: called after each tensor with how many are done, and of how many.
  /// - Throws: `GroveError` that names the tensor or the folder.
  /// - Complexity: O(models² · parameters) time; memory for one tensor of each dtype that is not float32.
  public init(base: String, models: [String], onTensor: (_ done: Int, _ of: Int) -> Void) throws {
    guard !models.isEmpty else { throw GroveError(.argument, "models", "none was given") }
    // A merge of all of them checks what must agree.
    var config = MergeConfig()
    config.methodName = MergeMethod.taskArithmetic.rawValue
    config.baseModel = base
    config.models = models.map { MergeModelConfig($0) }
    config.parameters["weight"] = .value(.number(1))
    let planner = try MergePlanner(config)
    let entries = try planner.entries().filter(\.dtype.isFloatingPoint).sorted { $0.name < $1.name }
    var (tensors, byLayer, byKind) = ([Row](), [Int: DeltaSums](), [String: DeltaSums]())
    var (cells, total) = ([Cell: Row](), DeltaSums(models: models.count))
    for (index, entry) in entries.enumerated() {
      func tensor(_ source: (model: Int, tensor: String)) throws -> Tensor {
        try planner.models[source.model].tensor(source.tensor)
      }
      guard let place = entry.base else { continue }
      let others = entry.sources.indices.filter { $0 != place }.map { entry.sources[$0] }
      let sums = try DeltaSums(base: tensor(entry.sources[place]), models: others.map(tensor))
      let layer = planner.names.layer(of: entry.name)
      let kind = layer.map { String($0.rest.dropFirst()) } ?? entry.name
      tensors.append(Row(entry.name, sums))
      byLayer[layer?.number ?? Int.max, default: DeltaSums(models: models.count)].add(sums)
      byKind[kind, default: DeltaSums(models: models.count)].add(sums)
      if let layer { cells[Cell(layer: layer.number, kind: kind)] = Row(entry.name, sums) }
      total.add(sums)
      onTensor(index + 1, entries.count)
    }
    self.init(base, models, total, tensors, byLayer, byKind, cells)
  }

  private struct Cell: Hashable {
    let layer: Int
    let kind: String
  }

  private init(
    _ base: String, _ models: [String], _ total: DeltaSums, _ tensors: [Row], _ byLayer: [Int: DeltaSums],
    _ byKind: [String: DeltaSums], _ cells: [Cell: Row]
  ) {
    (self.base, self.models, self.tensors) = (base, models, tensors)
    all = Row("all", total)
    layers = byLayer.sorted { $0.key < $1.key }.map { layer, sums in
      Row(layer == Int.max ? "outside the layers" : "layer \(layer)", sums)
    }
    kinds = byKind.sorted { $0.key < $1.key }.map { Row($0.key, $0.value) }
    let columns = Set(cells.keys.map(\.kind)).sorted()
    let numbers = Set(cells.keys.map(\.layer)).sorted()
    layerKinds = columns
    ratios = models.indices.map { model in
      numbers.map { layer in
        columns.map { cells[Cell(layer: layer, kind: $0)]?.models[model].normRatio ?? .nan }
      }
    }
    conflicts = numbers.map { layer in
      columns.map { cells[Cell(layer: layer, kind: $0)]?.signConflicts ?? .nan }
    }
  }
}

extension MergeModelConfig {
  /// A model without settings of its own.
  public init(_ model: String) {
    self.init()
    self.model = model
  }
}
