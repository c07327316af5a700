public import GroveCore
public import GroveReport

extension DeltaStatistics {
  /// The models' names without what all paths share.
  private var shortNames: [String] {
    let names = models.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    return Set(names).count == names.count ? names : models
  }

  /// Every number.
  public var json: JSONValue {
    [
      "base": .string(base), "models": .array(models.map { .string($0) }), "all": json(all),
      "layers": .array(layers.map(json)), "kinds": .array(kinds.map(json)), "tensors": .array(tensors.map(json)),
    ]
  }

  private func json(_ row: Row) -> JSONValue {
    [
      "name": .string(row.name), "elements": .integer(row.count), "signConflicts": .number(row.signConflicts),
      "models": .array(
        row.models.map { model in
          [
            "meanMagnitude": .number(model.meanMagnitude), "largest": .number(model.largest),
            "sparsity": .number(model.sparsity), "normRatio": .number(model.normRatio),
          ]
        }), "cosines": .array(row.cosines.map { .array($0.map { .number($0) }) }),
    ]
  }

  /// A page with heat maps: where each model moved, where signs conflict, and how task vectors lie to each other.
  public func report() -> Report {
    let names = shortNames
    let rows = ratios.first.map { $0.indices.map { "layer \($0)" } } ?? []
    var places = names.enumerated().map { index, name in
      Report.Block.heatMap(
        HeatMap(
          title: "How far \(name) moved", valueLabel: "norm of the difference over norm of the base", rows: rows,
          columns: layerKinds, values: ratios[index]))
    }
    if models.count > 1 {
      places.append(
        .heatMap(
          HeatMap(
            title: "Sign conflicts", valueLabel: "share of elements that two models moved in opposite directions",
            rows: rows, columns: layerKinds, values: conflicts)))
    }
    var sections = [Report.Section("All parameters", [.table(table([all] + layers, caption: ""))])]
    if models.count > 1 {
      sections.append(
        .init(
          "Directions",
          [
            .heatMap(
              HeatMap(
                title: "Cosine between task vectors", valueLabel: "cosine", rows: names, columns: names,
                values: all.cosines, shading: .diverging(center: 0),
                note: "Near 0, models can be added; near 1, averaged; below 0, they undo each other."))
          ]))
    }
    sections.append(.init("Where models moved", places))
    sections.append(.init("Kinds of tensors", [.table(table(kinds, caption: ""))]))
    sections.append(.init("Tensors", [.table(table(tensors, caption: ""))]))
    return Report(title: "Task vectors", subtitle: "\(models.count) models beside \(base)", sections: sections)
  }

  private func table(_ rows: [Row], caption: String) -> Report.Table {
    let columns = ["", "model", "mean size", "largest", "unchanged", "norm ratio", "sign conflicts"]
    return Report.Table(
      caption: caption, columns: columns,
      rows: rows.flatMap { row in
        zip(shortNames, row.models).map { name, model in
          [
            row.name, name, NumberText.short(model.meanMagnitude), NumberText.short(model.largest),
            NumberText.short(model.sparsity), NumberText.short(model.normRatio), NumberText.short(row.signConflicts),
          ]
        }
      })
  }
}
