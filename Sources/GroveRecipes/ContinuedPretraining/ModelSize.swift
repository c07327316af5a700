public import GroveCore

/// A shape of the models, where a recipe compares several.
public struct ModelSize: Config {
  /// In the names of its arms.
  public var name = ""
  /// Width of the residual stream, C.
  public var width = 48
  /// Blocks, L.
  public var layers = 2
  /// Heads of attention, H.
  public var heads = 4

  public init() {}

  init(_ name: String, width: Int, layers: Int = 2, heads: Int = 4) {
    self.name = name
    self.width = width
    self.layers = layers
    self.heads = heads
  }

  public func issues() -> [ConfigIssue] {
    name.isEmpty || name.contains("/") ? [ConfigIssue("name", "'\(name)' is not a name")] : []
  }
}

extension ContinuedPretrainingConfig {
  /// The same with another shape.
  func shaped(as size: ModelSize) -> ContinuedPretrainingConfig {
    var result = self
    (result.width, result.layers, result.heads) = (size.width, size.layers, size.heads)
    return result
  }

  /// What is wrong with a field `sizes`.
  func issues(sizes: [ModelSize]) -> [ConfigIssue] {
    var issues = sizes.isEmpty ? [ConfigIssue("sizes", "there is none to train")] : []
    for (index, size) in sizes.enumerated() {
      let shape = shaped(as: size).issues().filter { ["width", "layers", "heads"].contains($0.field) }
      issues += (size.issues() + shape).under("sizes.\(index)")
    }
    if Set(sizes.map(\.name)).count != sizes.count { issues.append(ConfigIssue("sizes", "two have the same name")) }
    return issues
  }
}
