import GroveCore

/// Finds the value of a parameter for a tensor: the model's own setting, then the slice's, then that of the whole merge.
struct ParameterResolver {
  let method: MergeMethod
  /// Settings of all models, from the nearest to the most general, with the field that each stands in.
  let shared: [Level]
  /// Settings of each model alone.
  let ofModels: [[Level]]
  /// How the models are called in errors.
  let models: [String]

  /// Settings that stand at one place of the config.
  struct Level {
    let field: String
    let settings: [String: MergeSetting]
  }

  /// The tensor that values are wanted for.
  struct Place {
    /// Its name in the result.
    let output: String
    /// Its names in the models.
    let inputs: [String]
    /// How far its layer is into the slice, from 0 to 1.
    let position: Double
  }

  func number(_ name: String, at place: Place) throws -> Double {
    guard let value = try optionalNumber(name, place.output, place.position, shared) else {
      throw missing(name, place.output)
    }
    return value
  }

  /// One value for each of the given models.
  func numbers(_ name: String, for chosen: [Int], at place: Place) throws -> [Double] {
    try chosen.map { model in
      let value = try optionalNumber(name, place.inputs[model], place.position, ofModels[model] + shared)
      guard let value else { throw missing(name, "\(place.inputs[model]) of \(models[model])") }
      return value
    }
  }

  /// A value for one model where there is any.
  func optionalNumber(_ name: String, of model: Int, at place: Place) throws -> Double? {
    try optionalNumber(name, place.inputs[model], place.position, ofModels[model] + shared)
  }

  func flag(_ name: String, at place: Place) throws -> Bool {
    let value = try value(name, place.output, place.position, shared) { scalar, field in
      switch scalar {
      case .flag(let flag): return flag
      case .number(0): return false
      case .number(1): return true
      default: throw GroveError(.config, field, "\(scalar.text) is neither true nor false")
      }
    }
    guard let value else { throw missing(name, place.output) }
    return value
  }

  func rescaling(at place: Place) throws -> Rescaling {
    let value = try value("rescale", place.output, place.position, shared) { scalar, field in
      switch scalar {
      case .flag(let flag): return flag ? Rescaling.magnitudes : .none
      case .text(let text):
        if let named = Rescaling(rawValue: text) { return named }
        let names = Rescaling.allCases.map(\.rawValue).joined(separator: ", ")
        throw GroveError(.config, field, "'\(text)' is not true, false or one of \(names)")
      case .number: throw GroveError(.config, field, "\(scalar.text) is neither true nor false")
      }
    }
    guard let value else { throw missing("rescale", place.output) }
    return value
  }

  private func optionalNumber(
    _ name: String, _ tensor: String, _ position: Double, _ levels: [Level]
  ) throws -> Double? {
    try value(name, tensor, position, levels) { scalar, field in
      let number: Double? =
        switch scalar {
        case .number(let number): number
        case .flag(let flag): flag ? 1 : 0
        case .text(let text): Double(text)  // "1e-3" is text to a reader of YAML 1.1
        }
      guard let number, number.isFinite else {
        throw GroveError(.config, field, "\(scalar.text) is not a finite number")
      }
      try check(name, number, field)
      return number
    }
  }

  private func value<Value>(
    _ name: String, _ tensor: String, _ position: Double, _ levels: [Level],
    _ read: (MergeScalar, _ field: String) throws -> Value
  ) throws -> Value? {
    for level in levels {
      let field = "\(level.field).\(name)"
      let found = try level.settings[name]?.value(for: tensor, at: position) { try read($0, field) }
      if let found { return found }
    }
    return try method.parameters.first { $0.name == name }?.fallback.map { try read($0, name) }
  }

  private func check(_ name: String, _ value: Double, _ field: String) throws {
    let limits: ClosedRange<Double>? =
      switch name {
      case "density", "gamma", "epsilon": 0...1
      case "eps": 0...Double.greatestFiniteMagnitude
      default: nil
      }
    if let limits, !limits.contains(value) {
      let range = limits.upperBound == 1 ? "outside [0, 1]" : "negative"
      throw GroveError(.config, field, "\(JSONValue.number(value).text) is \(range)")
    }
  }

  private func missing(_ name: String, _ tensor: String) -> GroveError {
    GroveError(
      .config, "parameters.\(name)", "\(method.rawValue) needs it, and nothing gives it for \(tensor)",
      remedy: "Give it under 'parameters:' of the merge, or of each model.")
  }
}

extension ParameterResolver {
  /// The method with all its values for one tensor.
  /// - Throws: `GroveError` that names the field or the tensor.
  func bound(at place: Place, base: Int?) throws -> TensorMerge {
    let all = Array(models.indices)
    let others = all.filter { $0 != base }
    switch method {
    case .linear:
      let merge = LinearMerge(
        weights: try numbers("weight", for: all, at: place), normalizes: try flag("normalize", at: place))
      try requireSum(merge.weights, merge.normalizes, place)
      return .linear(merge)
    case .passthrough: return .passthrough(scale: try optionalNumber("scale", of: 0, at: place))
    case .slerp: return .spherical(SphericalMerge(position: try number("t", at: place)))
    case .multislerp:
      let merge = MultiSphericalMerge(
        weights: try numbers("weight", for: others, at: place),
        normalizes: try flag("normalize_weights", at: place), epsilon: try number("eps", at: place))
      try requireSum(merge.weights, merge.normalizes, place)
      return .multiSpherical(merge)
    case .modelStock: return .modelStock(ModelStockMerge(isFilterWise: try flag("filter_wise", at: place)))
    case .taskArithmetic, .ties, .dareLinear, .dareTies, .breadcrumbs, .breadcrumbsTies, .della, .dellaLinear:
      return .taskArithmetic(try taskArithmetic(others, place))
    }
  }

  private func taskArithmetic(_ others: [Int], _ place: Place) throws -> TaskArithmeticMerge {
    let weights = try numbers("weight", for: others, at: place)
    let densities = try numbers("density", for: others, at: place)
    _ = try flag("int8_mask", at: place)  // checked; it changes how mergekit stores signs, not what they are
    let sparsities: [Sparsity]
    switch method {
    case .ties: sparsities = densities.map { .largest(density: $0) }
    case .dareLinear, .dareTies: sparsities = densities.map { .random(density: $0) }
    case .breadcrumbs, .breadcrumbsTies:
      sparsities = zip(densities, try numbers("gamma", for: others, at: place)).map { .middle(density: $0, gamma: $1) }
    case .della, .dellaLinear:
      sparsities = try zip(densities, numbers("epsilon", for: others, at: place)).map { density, epsilon in
        guard density >= 1 || density <= 0 || density - epsilon > 0 && density + epsilon < 1 else {
          throw GroveError(
            .config, "parameters.epsilon",
            "density \(density) ± epsilon \(epsilon) leaves (0, 1) at \(place.output)",
            remedy: "Give a smaller epsilon.")
        }
        return .ranked(density: density, epsilon: epsilon)
      }
    default: sparsities = densities.map { _ in .none }
    }
    let elects = [.ties, .dareTies, .breadcrumbsTies, .della].contains(method)
    return TaskArithmeticMerge(
      parts: zip(weights, sparsities).map { .init(weight: $0, sparsity: $1) },
      consensus: elects ? .electedSign : .none, rescaling: try rescaling(at: place),
      normalizes: try flag("normalize", at: place), scale: try number("lambda", at: place))
  }

  private func requireSum(_ weights: [Double], _ normalizes: Bool, _ place: Place) throws {
    guard normalizes, abs(weights.reduce(0, +)) < 1e-12 else { return }
    throw GroveError(
      .config, "parameters.weight", "the weights for \(place.output) sum to 0, and nothing can be divided by that",
      remedy: "Give other weights, or set normalize to false.")
  }
}
