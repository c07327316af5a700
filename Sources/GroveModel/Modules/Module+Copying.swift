import GroveTensor

extension Module {
  /// Takes over the values of all parameters of another module of the same shape; working copies follow.
  /// - Precondition: the same parameters, by name and shape.
  public func copyParameters(from other: some Module) throws {
    let sources = try other.parameters()
    let targets = try parameters()
    precondition(
      targets.map(\.name) == sources.map(\.name), "the modules do not have the same parameters")
    try withGradients(.off) {
      for (target, source) in zip(targets, sources) {
        precondition(
          target.parameter.shape == source.parameter.shape,
          "\(target.name) is \(target.parameter.shape) here and \(source.parameter.shape) there")
        try target.parameter.value.copy(from: source.parameter.value)
        try target.parameter.refresh()
      }
    }
  }
}
