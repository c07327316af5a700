import Foundation
import GroveCore
import GroveModel
import GroveTesting
import GroveTrain
import Testing

@Suite("Parts of models, in training")
struct ModelPartTests {
  @Test(
    "Activations that are made again train to the same loss, and a run stopped on the way goes on to the same bytes")
  func recompute() throws {
    try TinyRun.with { run in
      func losses(_ name: String) throws -> [Double] { try RunMetrics(run.at(name)).steps.map(\.lossNats) }
      try run.train("kept")
      run.config.training.recompute = true
      try run.train("again")
      try run.train("stopped", stoppingAfter: 7)
      try run.train("stopped")
      let (kept, again) = (try losses("kept"), try losses("again"))
      #expect(zip(kept, again).allSatisfy { abs($0 - $1) < 1e-4 } && kept.count == again.count)
      #expect(try run.ending("stopped")[0] == run.ending("again")[0])
    }
  }

  @Test("Places that are held at 0 are 0 after training; a run that starts from it without them learns there")
  func sparsity() throws {
    try TinyRun.with { run in
      func zeros(_ name: String, step: Int) throws -> Double {
        let model = try ModelFolder.load(run.at(name).checkpoint(step: step))
        let values = try model.storedTensors().filter { $0.name.contains("_proj.weight") }
          .flatMap { try $0.stored().contiguous().values(as: Float.self) }
        return Double(values.count { $0 == 0 }) / Double(values.count)
      }
      run.config.model.linear.sparsity = 0.5
      try run.train("sparse")
      #expect(try abs(zeros("sparse", step: 12) - 0.5) < 0.01)
      run.config.start.model = run.at("sparse").checkpoint(step: 12).path
      run.config.model.linear.sparsity = 0
      try run.train("lifted")
      #expect(try zeros("lifted", step: 12) == 0)
    }
  }

  @Test("Places are not held at 0 by an optimizer that moves all of them")
  func refusal() {
    var config = RunConfig()
    config.model.vocabularySize = 300
    config.model.linear.sparsity = 0.5
    config.training.optimizer.matrices = .muon
    #expect(
      config.issues().map(\.description) == [
        "model.linear.sparsity: places stay 0 with training.optimizer.matrices adamW, not with muon"
      ])
  }
}
