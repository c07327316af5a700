extension MergeConfig {
  /// A base plus a weighted sum of the task vectors of some models: θ₀ + Σ wᵢ (θᵢ − θ₀) (Ilharco et al. 2022,
  /// arXiv:2212.04089, §2).
  ///
  /// A checkpoint of the base that was trained further, with weight 1, and a tuned model, also with weight 1, give what the
  /// tuning would have made of the former (Jindal et al. 2024, arXiv:2410.10739).
  /// - Parameters:
  ///   - models: local folders.
  ///   - weights: one for each model.
  /// - Precondition: as many weights as models.
  public static func taskVectors(of models: [String], on base: String, weights: [Double]) -> MergeConfig {
    precondition(models.count == weights.count, "\(weights.count) weights for \(models.count) models")
    var config = MergeConfig()
    config.methodName = MergeMethod.taskArithmetic.rawValue
    config.baseModel = base
    config.models = zip(models, weights).map { name, weight in
      var model = MergeModelConfig(name)
      model.parameters["weight"] = .value(.number(weight))
      return model
    }
    return config
  }

  /// The same after each element of each task vector was dropped with a probability (Yu et al. 2023, arXiv:2311.03099, §3).
  ///
  /// - Parameters:
  ///   - dropRate: the probability p, from 0 to 1.
  ///   - rescaling: `.density` divides what is left by 1 − p, as in the paper.
  ///   - consensus: `.electedSign` resolves signs as TIES does.
  public static func dropAndRescale(
    of models: [String], on base: String, weights: [Double], dropRate: Double, rescaling: Rescaling = .density,
    consensus: TaskArithmeticMerge.Consensus = .none
  ) -> MergeConfig {
    var config = taskVectors(of: models, on: base, weights: weights)
    config.methodName = (consensus == .none ? MergeMethod.dareLinear : .dareTies).rawValue
    config.parameters["density"] = .value(.number(1 - dropRate))
    config.parameters["rescale"] = .value(rescaling == .none ? .flag(false) : .text(rescaling.rawValue))
    return config
  }
}
