import GroveCore

extension MergeConfig {
  /// The weighted parameter average of some models: equal weights for the uniform average, a posterior over domains for
  /// that of branch–train–merge, a single 1 for the best expert (Li et al. 2022, arXiv:2208.03306, §3.2).
  ///
  /// - Parameters:
  ///   - models: local folders. Those of weight 0 take no part.
  ///   - weights: one for each model; they need not sum to 1.
  /// - Precondition: as many weights as models.
  public static func average(of models: [String], weights: [Double]) -> MergeConfig {
    precondition(models.count == weights.count, "\(weights.count) weights for \(models.count) models")
    var config = MergeConfig()
    config.methodName = MergeMethod.linear.rawValue
    config.models = zip(models, weights).filter { $0.1 != 0 }.map { name, weight in
      var model = MergeModelConfig(name)
      model.parameters["weight"] = .value(.number(weight))
      return model
    }
    return config
  }
}
