import Foundation
import GroveCore
import GroveForest
import GroveTesting
import GroveTrain
import Testing

@Suite("The plan of a forest")
struct ForestPlanTests {
  @Test("Seed and experts train on as many tokens as the dense model")
  func tokens() throws {
    try TinyForest.with { forest in
      let plan = try ForestPlan(forest.config)
      #expect(plan.seedSteps == 12)
      #expect(plan.experts.map(\.name) == ["ants", "bees", "wasps/hornets"])
      #expect(plan.experts.map(\.steps) == [8, 8, 8])
      #expect(plan.trainingTokens == plan.dense.trainingTokens)
      forest.config.growth.seedShare = 0.25
      forest.config.growth.batchSize = 1
      #expect(try ForestPlan(forest.config).experts.map(\.steps) == [24, 24, 24])
    }
  }

  @Test("Proportional shares follow the tokens of the domains, to a step")
  func proportional() throws {
    try TinyForest.with { forest in
      forest.config.growth.tokens = .proportional
      forest.config.training.steps = 600
      let plan = try ForestPlan(forest.config)
      let tokens = plan.dense.dataset.domains.map { Double($0.tokens) }
      for (expert, own) in zip(plan.experts, tokens) {
        #expect(abs(Double(expert.steps) - 600 * own / tokens.reduce(0, +)) <= 0.5)
      }
    }
  }

  @Test(
    "Along a continued schedule an expert's rates are those of the dense model after the seed",
    arguments: ScheduleConfig.Shape.allCases)
  func continued(_ shape: ScheduleConfig.Shape) throws {
    try TinyForest.with { forest in
      forest.config.training.steps = 240
      forest.config.training.schedule.shape = shape
      forest.config.training.schedule.warmupSteps = 20
      forest.config.training.schedule.decaySteps = 60
      forest.config.growth.batchSize = 0
      forest.config.data.domains = ["ants"]
      let plan = try ForestPlan(forest.config)
      let dense = forest.config.training.schedule
      let seed = try #require(try plan.seedRun()).training
      let expert = plan.run(of: plan.experts[0], from: nil).training
      #expect(seed.steps == 120 && expert.steps == 120)
      for step in 0..<120 {
        #expect(seed.schedule.factor(step: step, of: 120) == dense.factor(step: step, of: 240))
        #expect(expert.schedule.factor(step: step, of: 120) == dense.factor(step: 120 + step, of: 240))
      }
    }
  }

  @Test("With steps of another length the ends of the schedule stay where they are")
  func scaled() throws {
    try TinyForest.with { forest in
      forest.config.training.steps = 240
      forest.config.training.schedule.shape = .linear
      forest.config.training.schedule.warmupSteps = 0
      forest.config.training.schedule.finalShare = 0
      forest.config.growth.batchSize = 1
      let plan = try ForestPlan(forest.config)
      let expert = plan.run(of: plan.experts[0], from: nil).training
      #expect(expert.steps == 160)
      #expect(expert.schedule.factor(step: 0, of: 160) == 0.5)
      #expect(abs(expert.schedule.factor(step: 80, of: 160) - 0.25) < 1e-12)
    }
  }

  @Test("Without a seed phase the experts draw different weights")
  func noSeed() throws {
    try TinyForest.with { forest in
      forest.config.growth.seedShare = 0
      let plan = try ForestPlan(forest.config)
      #expect(try plan.seedRun() == nil)
      let seeds = plan.experts.map { plan.run(of: $0, from: nil).training.seed }
      #expect(seeds == [2, 3, 4])
    }
  }

  @Test("What cannot grow is refused before anything is trained")
  func refusals() throws {
    try TinyForest.with { forest in
      let good = forest.config
      func message(_ change: (inout ForestConfig) -> Void) -> String {
        var config = good
        change(&config)
        return forest.message { try ForestPlan(config) }
      }
      #expect(
        message { $0.growth.seedShare = 1 }
          == "ForestConfig: growth.seedShare: 1.0 is outside [0, 1): the experts need a share of the tokens")
      #expect(
        message {
          $0.growth.seedShare = 0
          $0.growth.moments = .kept
        }
          == "ForestConfig: growth.moments: there are none to keep: there is no seed phase, and start.model is empty")
      #expect(
        message { $0.model.contextLength = 100_000 }
          == "data: no domain has a whole sequence. Use a shorter context, or more text.")
    }
  }

  @Test("A domain without a whole sequence is named")
  func smallDomain() throws {
    try TinyForest.with { forest in
      let line = #"{"id": "one", "text": "abc", "domain": "moths"}"# + "\n"
      try FileSystem.write(line, to: forest.corpus.texts.appending(path: "moths.jsonl"))
      try FileSystem.remove(forest.corpus.shards)
      try forest.corpus.buildShards()
      let message = forest.message { try ForestPlan(forest.config) }
      #expect(message.hasPrefix("DIR/shards: the domain 'moths' has "))
      #expect(
        message.hasSuffix(
          "not one sequence of 16. Leave it out with data.domains, join it with another, or shorten "
            + "model.contextLength."))
    }
  }
}
