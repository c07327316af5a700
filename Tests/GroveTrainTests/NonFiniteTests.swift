import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

/// A run whose weights are poisoned in one row of the embedding: the batches that hold the rare letter have no finite loss.
private struct PoisonedRun {
  var run: TinyRun
  /// The steps, from 1, whose batch holds the letter.
  let badSteps: [Int]

  static func with<Result>(
    _ change: (inout RunConfig) -> Void = { _ in }, _ body: (inout PoisonedRun) throws -> Result
  ) throws -> Result {
    try TinyRun.with { run in
      run.config.model.tiedEmbeddings = false
      run.config.training.steps = 60
      run.config.training.nonFiniteLimit = 1
      run.config.checkpoints.logarithmic = true
      run.config.checkpoints.everySteps = 5
      run.config.checkpoints.keep = 0
      run.config.validation.tokensPerDomain = 1
      change(&run.config)
      var encoder = run.corpus.tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
      let rare = Int64(encoder.encode(TinyCorpus.rareLetter)[0])
      let name = "run"
      try run.train(name, stoppingAfter: 1)
      try FileSystem.remove(run.at(name).checkpoint(step: 1))
      try poison(run.at(name).checkpoint(step: 0), row: Int(rare))
      let bad = try (1...run.config.training.steps).filter { step in
        // The last token of a sequence is a target only.
        try RunBatch(run.at(name), step: step, data: nil).sequences.contains { $0.tokens.dropLast().contains(rare) }
      }
      var poisoned = PoisonedRun(run: run, badSteps: bad)
      return try body(&poisoned)
    }
  }

  /// Makes one row of the embedding infinite, and the manifest right again.
  private static func poison(_ checkpoint: URL, row: Int) throws {
    let url = checkpoint.appending(path: "model.safetensors")
    let before = try ContentHash.ofFile(url)
    let file = try SafetensorsFile(url)
    let items = try file.entries.map { entry in
      let tensor = try file.tensor(entry.name).copied()
      if entry.name == "model.embed_tokens.weight" { try tensor.narrowed(0, from: row, count: 1).fill(.infinity) }
      return SafetensorsWriter.Item(entry.name, tensor)
    }
    try SafetensorsWriter.write(items, to: url)
    let manifest = checkpoint.appending(path: "manifest.json")
    let text = String(decoding: try FileSystem.read(manifest), as: UTF8.self)
    try FileSystem.write(text.replacingOccurrences(of: before, with: try ContentHash.ofFile(url)), to: manifest)
  }
}

@Suite("What is not finite is never applied")
struct NonFiniteTests {
  @Test("The poisoned corpus has what the tests need: a few bad steps, none of them the first or next to another")
  func subject() throws {
    try PoisonedRun.with { poisoned in
      #expect((1...3).contains(poisoned.badSteps.count), "\(poisoned.badSteps)")
      #expect(poisoned.badSteps.allSatisfy { $0 > 2 })
    }
  }

  @Test("A bad step is skipped, told and logged; the weights stay, and the run goes on")
  func skipped() throws {
    try PoisonedRun.with {
      $0.training.nonFiniteLimit = 3
    } _: { poisoned in
      let run = poisoned.run
      let recorder = Recorder()
      #expect(try run.train("run", onEvent: recorder.receive) == .finished)
      #expect(recorder.skipped == poisoned.badSteps)
      let metrics = try RunMetrics(run.at("run"))
      #expect(metrics.steps.map(\.step) == (1...60).filter { !poisoned.badSteps.contains($0) })
      #expect(
        metrics.incidents.filter { $0.kind == "skipped" }.map { "\($0.step): \($0.text)" }
          == poisoned.badSteps.map { "\($0): the loss is not a number" })
      let state = try JSONValue(contentsOf: run.at("run").checkpoint(step: 60).appending(path: "training_state.json"))
      #expect(state["appliedSteps"]?.integerValue == 60 - poisoned.badSteps.count)
      #expect(state["step"]?.integerValue == 60)
    }
  }

  @Test("The weights before and after a skipped step are the same bytes")
  func untouched() throws {
    try PoisonedRun.with {
      $0.training.nonFiniteLimit = 3
      $0.checkpoints.everySteps = 1
    } _: { poisoned in
      try poisoned.run.train("run")
      for step in poisoned.badSteps {
        let (before, after) = (
          try poisoned.run.ending("run", step: step - 1), try poisoned.run.ending("run", step: step)
        )
        #expect(before[0...1] == after[0...1])
      }
    }
  }

  @Test("After so many in a row the run stops with the step, the reason and the remedy; nothing of them was applied")
  func stops() throws {
    try TinyRun.with { run in
      run.config.training.optimizer.learningRate = 1e30
      run.config.training.gradientClip = 0
      run.config.training.optimizer.weightDecay = 0
      run.config.training.schedule.warmupSteps = 1
      run.config.training.nonFiniteLimit = 3
      let recorder = Recorder()
      let message = run.message { try run.train("run", onEvent: recorder.receive) }
      #expect(
        message
          == "DIR/run: 3 steps in a row were not finite, the last one step 4: the gradient's norm is not a number. "
          + "Nothing of them was applied. Lower the learning rate, or clip more.")
      #expect(recorder.skipped == [2, 3, 4])
    }
  }

  @Test("A rollback goes to the checkpoint before the bad step, leaves its batch out, and logs every step once")
  func rollsBack() throws {
    try PoisonedRun.with {
      $0.training.nonFiniteAction = .rollBack
    } _: { poisoned in
      let run = poisoned.run
      let recorder = Recorder()
      #expect(try run.train("run", onEvent: recorder.receive) == .finished)
      #expect(
        recorder.rollbacks
          == poisoned.badSteps.map { step in
            let target = [0, 1, 2, 4, 8, 16, 32].filter { $0 < step }.max() ?? 0
            return "\(step) to \(max(target, (step - 1) / 5 * 5)), without [\(step - 1)]"
          })
      let metrics = try RunMetrics(run.at("run"))
      #expect(metrics.steps.map(\.step) == (1...60).filter { !poisoned.badSteps.contains($0) })
      #expect(
        metrics.incidents.filter { $0.kind == "skipped" }.map { "\($0.step): \($0.text)" }
          == poisoned.badSteps.map { "\($0): its batch was left out after a rollback" })
      #expect(metrics.incidents.filter { $0.kind == "rolledBack" }.count == poisoned.badSteps.count)
    }
  }

  @Test("Killed at any moment around a rollback, the run ends with the same bytes and the same log")
  func rollsBackAfterKills() throws {
    try PoisonedRun.with {
      $0.training.nonFiniteAction = .rollBack
    } _: { poisoned in
      let run = poisoned.run
      var copies: [String] = []
      var problems: [any Error] = []
      let near = Set(poisoned.badSteps.flatMap { $0 - 1...$0 + 1 })
      try run.train("run") { event in
        switch event {
        case .skipped, .rolledBack: break
        case .step(let record) where near.contains(record.step): break
        case .saved(let step, _, _) where near.contains(step): break
        default: return
        }
        let name = "copy-\(copies.count)"
        do { try run.snapshot("run", as: name) } catch { problems.append(error) }
        copies.append(name)
      }
      #expect(problems.isEmpty && copies.count > 4)
      let expected = try run.ending("run")
      let told = ["skipped", "rolledBack"]
      let incidents = try RunMetrics(run.at("run")).incidents.filter { told.contains($0.kind) }.map(\.text)
      for name in copies {
        #expect(try run.train(name) == .finished, "\(name)")
        #expect(try run.ending(name) == expected, "\(name)")
        let metrics = try RunMetrics(run.at(name))
        #expect(metrics.steps.count == 60 - poisoned.badSteps.count, "\(name)")
        #expect(metrics.incidents.filter { told.contains($0.kind) }.map(\.text) == incidents, "\(name)")
      }
    }
  }

  @Test("A rollback does not trust a damaged checkpoint: it takes the whole one before")
  func rollsBackPastDamage() throws {
    try PoisonedRun.with {
      $0.training.nonFiniteAction = .rollBack
    } _: { poisoned in
      let run = poisoned.run
      try run.train("whole", from: "run")
      let first = try #require(poisoned.badSteps.first)
      let recorder = Recorder()
      let folder = run.at("run")
      try run.train("run") { event in
        recorder.receive(event)
        guard case .step(let record) = event, record.step == first - 1, recorder.rollbacks.isEmpty,
          let newest = try? folder.checkpointSteps().last(where: { $0 < first }), newest > 0
        else { return }
        try? CheckpointTests.Damage.altered.apply(to: folder.checkpoint(step: newest))
      }
      #expect(recorder.setAside.count == 1)
      #expect(try run.ending("run")[0...1] == run.ending("whole")[0...1])
    }
  }

  @Test("Three rollbacks at most: the fourth time the run stops")
  func fourthTime() throws {
    try TinyRun.with { run in
      run.config.training.optimizer.learningRate = 1e30
      run.config.training.gradientClip = 0
      run.config.training.optimizer.weightDecay = 0
      run.config.training.schedule.warmupSteps = 1
      run.config.training.nonFiniteLimit = 2
      run.config.training.nonFiniteAction = .rollBack
      run.config.checkpoints.logarithmic = true
      let recorder = Recorder()
      let message = run.message { try run.train("run", onEvent: recorder.receive) }
      #expect(recorder.rollbacks == ["3 to 1, without [1, 2]", "5 to 2, without [3, 4]", "7 to 4, without [5, 6]"])
      #expect(
        message
          == "DIR/run: 2 steps in a row were not finite, the last one step 9: the gradient's norm is not a number. "
          + "Nothing of them was applied. Lower the learning rate, or clip more.")
    }
  }

  @Test("A judgement that is not a number is logged, and stands as the last one")
  func validation() throws {
    try TinyRun.with { run in
      run.config.model.initialDeviation = 1e38
      run.config.training.nonFiniteLimit = 1000
      #expect(try run.train("run") == .finished)
      let last = try #require(try RunMetrics(run.at("run")).validations.last)
      #expect(last.step == 12 && last.bitsPerByte.isNaN && last.domains.values.allSatisfy(\.isNaN))
    }
  }

  @Test("Without a checkpoint before the bad steps there is nothing to go back to, in words")
  func nowhereToGo() throws {
    try TinyRun.with { run in
      run.config.training.optimizer.learningRate = 1e30
      run.config.training.gradientClip = 0
      run.config.training.optimizer.weightDecay = 0
      run.config.training.schedule.warmupSteps = 1
      run.config.training.nonFiniteLimit = 1
      run.config.training.nonFiniteAction = .rollBack
      #expect(
        run.message { try run.train("run") }
          == "DIR/run: 1 steps in a row were not finite, the last one step 2: the gradient's norm is not a number. "
          + "There is no checkpoint before them to go back to.")
    }
  }
}

extension TinyRun {
  /// Trains a copy of a run's folder under another name.
  fileprivate func train(_ name: String, from source: String) throws {
    try snapshot(source, as: name)
    try train(name)
  }
}
