import Foundation
import GroveCore
import GroveTesting
import GroveTrain
import Testing

@Suite("Checkpoints are whole or refused")
struct CheckpointTests {
  /// What can happen to the files of a checkpoint, and how it is told; STEP stands for the checkpoint's folder.
  enum Damage: String, CaseIterable, CustomTestStringConvertible {
    case truncated, altered, missing, noManifest, brokenManifest, otherStep, outsideName, unlisted
    var testDescription: String { rawValue }

    func apply(to checkpoint: URL) throws {
      let model = checkpoint.appending(path: "model.safetensors")
      let manifest = checkpoint.appending(path: "manifest.json")
      func edit(_ old: String, _ new: String) throws {
        let text = String(decoding: try FileSystem.read(manifest), as: UTF8.self)
        precondition(text.contains(old), "\(text) has no \(old)")
        try FileSystem.write(text.replacingOccurrences(of: old, with: new), to: manifest)
      }
      var bytes = try FileSystem.read(model)
      switch self {
      case .truncated: try FileSystem.write(bytes.dropLast(100), to: model)
      case .altered:
        bytes[bytes.count - 9] ^= 1
        try FileSystem.write(bytes, to: model)
      case .missing: try FileSystem.remove(checkpoint.appending(path: "optimizer.safetensors"))
      case .noManifest: try FileSystem.remove(manifest)
      case .brokenManifest: try FileSystem.write("{\"step\": 8, \"files\"", to: manifest)
      case .otherStep: try edit("\"step\" : 8", "\"step\" : 4")
      case .outsideName: try edit("optimizer.safetensors", "../../../secret")
      case .unlisted: try edit("\"config.json\"", "\"tokenizer.json\"")
      }
    }

    var reason: String {
      switch self {
      case .truncated: "STEP/model.safetensors: has SHORT bytes, the manifest says LONG"
      case .altered: "STEP/model.safetensors: was altered: its SHA-256 is not the manifest's"
      case .missing: "STEP/optimizer.safetensors: is missing from the checkpoint"
      case .noManifest: "STEP/manifest.json: cannot read: no such file or directory"
      case .brokenManifest: "STEP/manifest.json: is not the manifest of a checkpoint"
      case .otherStep: "STEP: the manifest is of step 4"
      case .outsideName: "STEP: the manifest names \"../../../secret\", which is not a file of this folder"
      case .unlisted: "STEP/tokenizer.json: has LONG bytes, the manifest says SHORT"
      }
    }
  }

  /// The message without what differs between two runs of the test: folders and sizes.
  private func plain(_ text: String, _ run: TinyRun, _ name: String, step: Int) throws -> String {
    text.replacingOccurrences(of: run.at(name).checkpoint(step: step).path, with: "STEP")
      .replacingOccurrences(of: run.folder.path, with: "DIR")
  }

  private func expected(_ damage: Damage, _ run: TinyRun, _ name: String, step: Int) throws -> String {
    let checkpoint = run.at(name).checkpoint(step: step)
    func bytes(_ file: String) throws -> Int { try FileSystem.byteCount(of: checkpoint.appending(path: file)) }
    switch damage {
    case .truncated:
      let now = try bytes("model.safetensors")
      return damage.reason.replacingOccurrences(of: "SHORT", with: "\(now)")
        .replacingOccurrences(of: "LONG", with: "\(now + 100)")
    case .unlisted:
      return damage.reason.replacingOccurrences(of: "LONG", with: "\(try bytes("tokenizer.json"))")
        .replacingOccurrences(of: "SHORT", with: "\(try bytes("config.json"))")
    default: return damage.reason
    }
  }

  @Test("A damaged newest one is set aside, told, and computed again to the same bytes", arguments: Damage.allCases)
  func newestDamaged(damage: Damage) throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 8)
      let eight = try run.ending("run", step: 8)
      try damage.apply(to: run.at("run").checkpoint(step: 8))
      let reason = try expected(damage, run, "run", step: 8)
      let recorder = Recorder()
      #expect(try run.train("run", onEvent: recorder.receive) == .finished)
      #expect(recorder.resumed == [4])
      #expect(try recorder.setAside.map { try plain($0, run, "run", step: 8) } == ["damaged-step-00000008: \(reason)"])
      #expect(try run.ending("run", step: 8) == eight)
      #expect(FileSystem.exists(run.at("run").checkpoints.appending(path: "damaged-step-00000008")))
      #expect(try run.loggedSteps("run") == Array(1...12))
      let logged = try RunMetrics(run.at("run")).incidents.filter { $0.kind == "setAside" }
      #expect(try logged.map { try plain($0.text, run, "run", step: 8) } == ["damaged-step-00000008: \(reason)"])
    }
  }

  @Test("A run whose checkpoints have gone is refused, and its log stays")
  func allGone() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 9)
      let log = try FileSystem.read(run.at("run").metrics)
      for step in [4, 8, 9] { try FileSystem.remove(run.at("run").checkpoint(step: step)) }
      #expect(
        run.message { try run.train("run") }
          == "DIR/run/checkpoints: holds no checkpoint, but the run has saved up to step 9. "
          + "Bring them back, or remove the folder run to begin again.")
      #expect(try FileSystem.read(run.at("run").metrics) == log)
    }
  }

  @Test("A run that died before its first checkpoint says that it begins again")
  func nothingSaved() throws {
    try TinyRun.with { run in
      try run.train("whole")
      let unfinished = run
      try run.train("run") { event in
        if case .step(let record) = event, record.step == 3 { try? unfinished.snapshot("run", as: "copy") }
      }
      try run.train("copy")
      let warnings = try RunMetrics(run.at("copy")).incidents.filter { $0.kind == "warning" }.map(\.text)
      #expect(warnings == ["no step was saved before it stopped at step 3; it begins again"])
      #expect(try run.ending("copy") == run.ending("whole"))
      #expect(try run.loggedSteps("copy") == Array(1...12))
    }
  }

  @Test("If none is whole the run is refused with the newest one's damage, and nothing is touched")
  func allDamaged() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 8)
      for step in [4, 8] { try Damage.altered.apply(to: run.at("run").checkpoint(step: step)) }
      let log = try FileSystem.read(run.at("run").metrics)
      let message = run.message { try run.train("run") }
      #expect(
        message == "DIR/run/checkpoints: no checkpoint of this run is whole; the newest, step-00000008: "
          + "DIR/run/checkpoints/step-00000008/model.safetensors: was altered: its SHA-256 is not the manifest's. "
          + "Bring a copy back, or remove the folder run to begin again.")
      #expect(try run.at("run").checkpointSteps() == [4, 8])
      #expect(try FileSystem.read(run.at("run").metrics) == log)
    }
  }

  @Test("Checkpoints without the description of their run are refused, not mixed with those of a new one")
  func noIdentity() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 4)
      try FileSystem.remove(run.at("run").identity)
      #expect(
        run.message { try run.train("run") }
          == "DIR/run: holds checkpoints, but not the run.json of their run. "
          + "Bring the file back, or begin a run of another name.")
    }
  }

  @Test("A full disk stops the run in words, leaves the last checkpoint whole, and the run goes on afterwards")
  func fullDisk() async {
    // The limit on file sizes belongs to a process, so this runs in one of its own.
    await #expect(processExitsWith: .success) {
      try TinyRun.with { run in
        try run.train("whole")
        let message = run.message {
          try run.train("full") { event in
            // From the first checkpoint on no file may grow beyond 20 kB: the moments have more.
            if case .saved(4, _, _) = event { limitFiles(toBytes: 20_000) }
          }
        }
        limitFiles(toBytes: nil)
        #expect(
          message
            == "DIR/full: step 8 could not be saved: DIR/full/checkpoints/.step-00000008.partial/model.safetensors: "
            + "cannot write: file too large. "
            + "Make room and run the same command again; its newest checkpoint, step 4, is whole.")
        #expect(try run.at("full").checkpointSteps() == [4])
        #expect(try FileSystem.entries(of: run.at("full").checkpoints).count == 1)
        try run.train("full")
        #expect(try run.ending("full") == run.ending("whole"))
      }
    }
  }

  @Test("Checkpoints are kept as configured: the newest regular ones, and all logarithmic ones")
  func retention() throws {
    try TinyRun.with { run in
      try run.train("two")
      #expect(try run.at("two").checkpointSteps() == [8, 12])
      run.config.checkpoints.keep = 0
      try run.train("all")
      #expect(try run.at("all").checkpointSteps() == [4, 8, 12])
      run.config.checkpoints.keep = 1
      run.config.checkpoints.everySteps = 3
      run.config.checkpoints.logarithmic = true
      try run.train("logarithmic")
      #expect(try run.at("logarithmic").checkpointSteps() == [0, 1, 2, 4, 8, 12])
      run.config.checkpoints.everySteps = 0
      run.config.checkpoints.logarithmic = false
      try run.train("last")
      #expect(try run.at("last").checkpointSteps() == [12])
      #expect(try run.ending("last") == run.ending("two"))
    }
  }

  @Test("The logarithmic steps are 0 and the powers of two to 512")
  func logarithmic() {
    var config = CheckpointConfig()
    config.everySteps = 0
    #expect(!(0...2048).contains { config.isDue(after: $0) })
    config.logarithmic = true
    #expect((0...2048).filter { config.isDue(after: $0) } == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    config.everySteps = 1000
    #expect((0...2048).filter { config.isDue(after: $0) }.suffix(3) == [512, 1000, 2000])
  }
}

/// From now on a write beyond so many bytes of a file fails, as on a full disk; nil lifts the limit.
private func limitFiles(toBytes bytes: Int?) {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit()
  #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  #else
    let resource = RLIMIT_FSIZE
  #endif
  getrlimit(resource, &limit)
  limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
  setrlimit(resource, &limit)
}
