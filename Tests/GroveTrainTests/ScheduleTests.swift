import GroveTrain
import Testing

@Suite("The learning rate's schedule")
struct ScheduleTests {
  private func schedule(
    _ shape: ScheduleConfig.Shape, warmup: Int = 4, final: Double = 0.1, decay: Int = 5
  ) -> ScheduleConfig {
    var config = ScheduleConfig()
    config.shape = shape
    config.warmupSteps = warmup
    config.finalShare = final
    config.decaySteps = decay
    return config
  }

  @Test(
    "The warm-up goes up by equal steps: its first step is not 0, its last is the peak",
    arguments: ScheduleConfig.Shape.allCases)
  func warmup(shape: ScheduleConfig.Shape) {
    let factors = (0..<4).map { schedule(shape).factor(step: $0, of: 24) }
    #expect(factors == [0.25, 0.5, 0.75, 1])
  }

  @Test(
    "Without a warm-up the first step is at the peak",
    arguments: [ScheduleConfig.Shape.cosine, .linear, .constant, .warmupStableDecay])
  func noWarmup(shape: ScheduleConfig.Shape) {
    #expect(schedule(shape, warmup: 0).factor(step: 0, of: 24) == 1)
  }

  @Test("No shape rises after the warm-up or leaves what it promises", arguments: ScheduleConfig.Shape.allCases)
  func falls(shape: ScheduleConfig.Shape) {
    let factors = (3..<24).map { schedule(shape).factor(step: $0, of: 24) }
    #expect(zip(factors, factors.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(factors.allSatisfy { (0.1...1).contains($0) })
  }

  @Test("Hand-worked numbers of a run of 24 steps with 4 of warm-up")
  func numbers() {
    // Cosine and linear reach the final share after the last step: step 14 is half-way of the 20, step 24 the end.
    let cosine = schedule(.cosine)
    #expect(cosine.factor(step: 4, of: 24) == 1)
    let quarter = 0.1 + 0.9 * (1 + 0.5.squareRoot()) / 2
    #expect(abs(cosine.factor(step: 9, of: 24) - quarter) < 1e-15)
    #expect(abs(cosine.factor(step: 14, of: 24) - 0.55) < 1e-15)
    #expect(abs(cosine.factor(step: 24, of: 24) - 0.1) < 1e-15)
    let linear = schedule(.linear)
    #expect(abs(linear.factor(step: 14, of: 24) - 0.55) < 1e-15)
    #expect(abs(linear.factor(step: 23, of: 24) - 0.145) < 1e-15)
    #expect(abs(linear.factor(step: 24, of: 24) - 0.1) < 1e-15)
    // √(4 / 16) at the sixteenth step.
    #expect(schedule(.inverseSquareRoot).factor(step: 15, of: 24) == 0.5)
    #expect(schedule(.constant).factor(step: 23, of: 24) == 1)
    // The decay takes the last five steps: the step before it is at the peak, each falls by 0.9 / 5.
    let stable = (18..<24).map { schedule(.warmupStableDecay).factor(step: $0, of: 24) }
    let expected: [Double] = [1, 1, 0.82, 0.64, 0.46, 0.28]
    for (factor, value) in zip(stable, expected) { #expect(abs(factor - value) < 1e-15) }
  }

  @Test("A schedule that does not fit into the run is refused by field")
  func refusals() {
    var config = TrainingConfig()
    config.steps = 10
    config.schedule = schedule(.warmupStableDecay, warmup: 4, decay: 7)
    #expect(
      config.issues().map(\.description) == ["schedule.decaySteps: 7 is more than the 6 steps after the warm-up"])
    config.schedule = schedule(.cosine, warmup: 11, final: 1.5, decay: -1)
    #expect(
      config.issues().map(\.description) == [
        "schedule.warmupSteps: 11 is outside 0...10", "schedule.finalShare: 1.5 is outside [0, 1]",
        "schedule.decaySteps: -1 is negative",
      ])
    config.steps = .max
    config.schedule = schedule(.warmupStableDecay, warmup: -1)
    #expect(config.issues().map(\.description) == ["schedule.warmupSteps: -1 is outside 0...steps"])
    config.steps = -5
    #expect(
      config.issues().map(\.description) == ["steps: -5 is not positive", "schedule.warmupSteps: -1 is outside 0...-5"])
    config.steps = 10
    config.schedule = schedule(.inverseSquareRoot, warmup: 0)
    #expect(config.issues().map(\.description) == ["schedule.warmupSteps: inverseSquareRoot needs a warm-up"])
  }

  @Test(
    "Two runs that share a schedule have the factors of one that is as long", arguments: ScheduleConfig.Shape.allCases)
  func continued(_ shape: ScheduleConfig.Shape) {
    var (seed, expert) = (schedule(shape), schedule(shape))
    seed.stepsAfter = 14
    expert.stepsBefore = 10
    let whole = (0..<24).map { schedule(shape).factor(step: $0, of: 24) }
    #expect((0..<10).map { seed.factor(step: $0, of: 10) } == Array(whole[..<10]))
    #expect((0..<14).map { expert.factor(step: $0, of: 14) } == Array(whole[10...]))
  }
}
