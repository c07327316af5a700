import Foundation
import GroveCore
import GroveTesting
import GroveTrain
import Testing

@Suite("A run goes on only with what it was begun with")
struct RefusalTests {
  private func fingerprint(_ corpus: TinyCorpus, key: String, of run: RunFolder) throws -> String {
    String(try JSONValue(contentsOf: run.identity)[key]?.stringValue?.prefix(12) ?? "")
  }

  @Test("Another data set is refused with both fingerprints")
  func otherData() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 4)
      // The same tokenizer over other texts.
      let lines = try FileSystem.read(run.corpus.texts.appending(path: "bees.jsonl"))
      try FileSystem.write(lines, to: run.corpus.texts.appending(path: "more.jsonl"))
      try FileSystem.remove(run.corpus.shards)
      try run.corpus.buildShards()
      let then = try fingerprint(run.corpus, key: "dataFingerprint", of: run.at("run"))
      try run.train("new", stoppingAfter: 1)
      let now = try fingerprint(run.corpus, key: "dataFingerprint", of: run.at("new"))
      #expect(then != now)
      #expect(
        run.message { try run.train("run") }
          == "DIR/run: the run was begun with another data set: \(then)…, now \(now)…. "
          + "Give the data set it was begun with, or begin a new run.")
    }
  }

  @Test("Shards that were altered in place are refused, by a new run and by one that goes on")
  func alteredData() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 4)
      let file = run.corpus.shards.appending(path: "train/ants.bin")
      let handle = try FileHandle(forUpdating: file)
      try handle.seek(toOffset: 100)
      let byte = try #require(try handle.read(upToCount: 1)?.first)
      try handle.seek(toOffset: 100)
      try handle.write(contentsOf: Data([byte ^ 1]))
      try handle.close()
      for name in ["run", "new"] {
        let message = run.message { try run.train(name) }
        #expect(message.hasPrefix("DIR/shards/train/ants.bin: the content is not what the manifest says: SHA-256 "))
        #expect(message.hasSuffix("…. Build the shards again."))
      }
    }
  }

  @Test("Another tokenizer of the same size is refused")
  func otherTokenizer() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 4)
      let then = try fingerprint(run.corpus, key: "tokenizerFingerprint", of: run.at("run"))
      let other = try TinyCorpus(in: run.folder.appending(path: "other"), domains: ["wasps", "flies"])
      run.config.data.folder = other.shards.path
      try run.train("new", stoppingAfter: 1)
      let now = try fingerprint(other, key: "tokenizerFingerprint", of: run.at("new"))
      #expect(
        run.message { try run.train("run") }
          == "DIR/run: the run was begun with another tokenizer: \(then)…, now \(now)…. "
          + "Give the tokenizer it was begun with, or begin a new run.")
    }
  }

  @Test("Data that has only moved is the same data")
  func movedData() throws {
    try TinyRun.with { run in
      try run.train("whole")
      try run.train("run", stoppingAfter: 5)
      let moved = run.folder.appending(path: "moved")
      try FileSystem.rename(run.corpus.shards, to: moved)
      run.config.data.folder = moved.path
      #expect(try run.train("run") == .finished)
      #expect(try run.ending("run") == run.ending("whole"))
    }
  }

  @Test("Another config is refused with every field that differs, also one that was not there before")
  func otherConfig() throws {
    try TinyRun.with { run in
      run.config.data.weights = ["ants": 1]
      try run.train("run", stoppingAfter: 4)
      run.config.data.weights["bees"] = 2
      run.config.training.steps = 20
      run.config.training.optimizer.learningRate = 0.5
      run.config.model.dropout = 0.1
      #expect(
        run.message { try run.train("run") }
          == "DIR/run: the run was begun with another config: model.dropout is 0.1, was 0.0; "
          + "training.steps is 20, was 12; training.optimizer.learningRate is 0.5, was 0.001; "
          + "data.weights.bees is 2.0, was nothing. Go on with DIR/run/config.yaml, or begin a run of another name.")
      run.config = try RunConfig.load(run.at("run").config)
      #expect(try run.train("run") == .finished)
    }
  }

  @Test("A patient trainer that is told to stop while it waits for another one is interrupted, not refused")
  func stoppedWhileWaiting() throws {
    try TinyRun.with { run in
      let folder = run.at("run")
      try FileSystem.makeFolder(folder.url)
      let lock = try FolderLock(folder.url, problem: "is taken", remedy: "")
      let trainer = try Trainer(run.config, folder: folder, device: .cpu)
      trainer.patience = .seconds(600)
      var asked = 0
      let outcome = try trainer.run(
        shouldStop: {
          asked += 1
          return asked > 2
        }, onEvent: { _ in })
      #expect(outcome == .interrupted(step: 0) && asked > 2)
      withExtendedLifetime(lock) {}
    }
  }

  @Test("A second trainer of the same folder is refused while the first one works, and not after")
  func locked() throws {
    try TinyRun.with { run in
      let other = run
      var message = ""
      try run.train("run") { event in
        if case .step(let record) = event, record.step == 3 { message = other.message { try other.train("run") } }
      }
      #expect(message == "DIR/run: another process is training this run. Wait for it, or stop it.")
      #expect(try run.loggedSteps("run") == Array(1...12))
      #expect(try run.train("run") == .finished)
    }
  }

  @Test("A config that cannot be is refused before anything is read, with all its problems")
  func impossibleConfig() throws {
    try TinyRun.with { run in
      run.config.training.batchSize = 6
      run.config.training.microBatchSize = 4
      run.config.training.seed = -1
      run.config.training.optimizer.learningRate = .infinity
      run.config.data.weights = ["ants": 0]
      let message = run.message { try run.train("run") }
      #expect(
        message.split(separator: "\n").map(String.init) == [
          "RunConfig: 4 problems",
          "  RunConfig: data.weights.ants: 0.0 is not a positive number; leave out what is not wanted",
          "  RunConfig: training.seed: -1 is negative",
          "  RunConfig: training.microBatchSize: 4 does not divide batchSize 6",
          "  RunConfig: training.optimizer.learningRate: inf is not a positive number",
        ])
      #expect(!FileSystem.exists(run.at("run").url))
    }
  }

  @Test("Data that is not there, a domain that is not there and a vocabulary that is too small are named")
  func missing() throws {
    try TinyRun.with { run in
      let good = run.config
      func message(_ change: (inout RunConfig) -> Void) -> String {
        var other = run
        other.config = good
        change(&other.config)
        return other.message { try other.train("run") }
      }
      #expect(
        message { $0.data.folder = "" }
          == "data.folder: no data set is named. Give a folder that 'grove shard build' made.")
      #expect(
        message { $0.data.domains = ["ants", "wasps"] }
          == "DIR/shards: there is no train shard of the domain 'wasps'. There are: ants, bees.")
      #expect(
        message { $0.data.weights = ["wasps": 1] } == "weights.wasps: no such domain. There are: ants, bees.")
      #expect(
        message { $0.model.vocabularySize = 299 }
          == "model.vocabularySize: 299 is below the tokenizer's 300. Set it to 0.")
      #expect(
        message { $0.model.contextLength = 50_000 }
          == "data: no domain has a whole sequence. Use a shorter context, or more text.")
    }
  }
}
