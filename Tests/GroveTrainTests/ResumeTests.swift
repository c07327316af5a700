import Foundation
import GroveCore
import GroveModel
import GroveTesting
import GroveTrain
import Testing

@Suite("A run that was stopped ends with the bytes of one that was not")
struct ResumeTests {
  /// What differs between the runs that the law is tried on.
  enum Variant: String, CaseIterable, CustomTestStringConvertible {
    case float32, bfloat16, accumulation, gpt2, weightedDomains, muon
    var testDescription: String { rawValue }

    func apply(to config: inout RunConfig) {
      switch self {
      case .float32: break
      case .bfloat16: config.training.precision = .bfloat16
      case .accumulation:
        config.training.microBatchSize = 2
        config.training.precision = .bfloat16
      case .gpt2:
        config.model.family = .gpt2
        config.model.tiedEmbeddings = false
      case .muon:
        config.training.optimizer.matrices = .muon
        config.training.precision = .bfloat16
      case .weightedDomains: config.data.weights = ["ants": 3, "bees": 1]
      }
    }
  }

  @Test("Stopped before, at and after a checkpoint", arguments: Variant.allCases)
  func stopped(variant: Variant) throws {
    try TinyRun.with { run in
      variant.apply(to: &run.config)
      #expect(try run.train("whole") == .finished)
      let expected = try run.ending("whole")
      for stop in [1, 4, 11] {
        let name = "stopped-\(stop)"
        #expect(try run.train(name, stoppingAfter: stop) == .interrupted(step: stop))
        let recorder = Recorder()
        #expect(try run.train(name, onEvent: recorder.receive) == .finished)
        #expect(recorder.resumed == [stop])
        #expect(try run.ending(name) == expected)
        #expect(try run.loggedSteps(name) == Array(1...12))
      }
    }
  }

  @Test("Stopped after every step, one after the other, with dropout")
  func dropout() async {
    // libtorch's generator is one for the process, so this runs in a process of its own.
    await #expect(processExitsWith: .success) {
      try TinyRun.with { run in
        run.config.model.dropout = 0.2
        run.config.training.microBatchSize = 2
        try run.train("whole")
        for stop in 1..<12 { try run.train("stopped", stoppingAfter: stop) }
        try run.train("stopped")
        #expect(try run.ending("stopped") == run.ending("whole"))
        run.config.training.seed = 2
        try run.train("other")
        #expect(try run.ending("other")[0] != run.ending("whole")[0])
      }
    }
  }

  @Test("Killed at the moment of any event, the run goes on from what the folder then holds")
  func killedAnywhere() throws {
    try TinyRun.with { run in
      run.config.training.steps = 6
      run.config.checkpoints.everySteps = 2
      run.config.checkpoints.logarithmic = true
      run.config.validation.everySteps = 3
      var copies: [String] = []
      var problems: [any Error] = []
      let moment = run
      try run.train("whole") { _ in
        let name = "copy-\(copies.count)"
        do { try moment.snapshot("whole", as: name) } catch { problems.append(error) }
        copies.append(name)
      }
      #expect(problems.isEmpty)
      // started, step 0 saved, six steps, two validations, checkpoints of 1, 2, 4, 6, finished
      #expect(copies.count == 15)
      let expected = try run.ending("whole")
      for name in copies {
        #expect(try run.train(name) == .finished, "\(name)")
        #expect(try run.ending(name) == expected, "\(name)")
        #expect(try run.loggedSteps(name) == Array(1...6), "\(name)")
        #expect(try RunMetrics(run.at(name)).validations.map(\.step) == [3, 6], "\(name)")
      }
    }
  }

  @Test("What a kill left half-written is removed: a checkpoint aside, a removed one, a line, a temporary file")
  func leftovers() throws {
    try TinyRun.with { run in
      try run.train("whole")
      try run.train("killed", stoppingAfter: 6)
      let folder = run.at("killed")
      try FileManager.default.copyItem(
        at: folder.checkpoint(step: 6), to: folder.checkpoints.appending(path: ".step-00000008.partial"))
      try FileManager.default.copyItem(
        at: folder.checkpoint(step: 4), to: folder.checkpoints.appending(path: ".step-00000002.removed.partial"))
      try FileSystem.write("half", to: folder.url.appending(path: "metrics.jsonl.77-1.partial"))
      let log = try FileSystem.read(folder.metrics)
      try FileSystem.write(log + Data(#"{"kind":"step","step":7,"lossNa"#.utf8), to: folder.metrics)
      try run.train("killed")
      #expect(try run.ending("killed") == run.ending("whole"))
      #expect(try run.loggedSteps("killed") == Array(1...12))
      let names = try FileSystem.entries(of: folder.url) + FileSystem.entries(of: folder.checkpoints)
      #expect(names.map(\.lastPathComponent).filter { $0.hasSuffix(".partial") } == [])
    }
  }

  @Test("A finished run that is started again does nothing more")
  func finished() throws {
    try TinyRun.with { run in
      try run.train("run")
      let before = try run.ending("run")
      let recorder = Recorder()
      #expect(try run.train("run", onEvent: recorder.receive) == .finished)
      #expect(recorder.resumed == [12])
      #expect(try run.ending("run") == before)
      #expect(try run.loggedSteps("run") == Array(1...12))
    }
  }
}
