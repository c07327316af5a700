import GroveTrain

extension ObjectiveTraining {
  /// How small encoders are trained: AdamW with decay 0.01, a rate that rises in a warm-up and falls in a line to 0.
  static func encoder(learningRate: Double, warmup: Int) -> ObjectiveTraining {
    var training = ObjectiveTraining()
    training.optimizer.learningRate = learningRate
    training.optimizer.beta2 = 0.999
    training.optimizer.weightDecay = 0.01
    training.schedule.shape = .linear
    training.schedule.warmupSteps = warmup
    training.schedule.finalShare = 0
    return training
  }
}
