import Foundation
import GroveCore
import GroveTesting
import Testing

/// The built command line tool, run as users run it: a process of its own in a folder of its own.
struct GroveTool {
  /// What is left of a finished process.
  struct Result {
    let code: Int32
    let output: String
    let errors: String

    /// The output as JSON.
    var json: JSONValue { get throws { try JSONValue(parsing: output.utf8, at: "standard output") } }
  }

  /// The working folder of the commands.
  let folder: URL

  /// The executable, beside the bundle of the tests.
  static let executable: URL = {
    let bundle = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    let beside = bundle.resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "grove")
    if FileSystem.exists(beside) { return beside }
    return Fixtures.package.appending(path: ".build/release/grove")
  }()

  static func with<Result>(_ body: (GroveTool) throws -> Result) throws -> Result {
    try Fixtures.withTemporaryFolder { try body(GroveTool(folder: $0.resolvingSymlinksInPath())) }
  }

  func path(_ name: String) -> URL { folder.appending(path: name) }

  /// Runs a command to its end. The folder's path is written as DIR in what it says.
  @discardableResult
  func callAsFunction(_ arguments: String...) throws -> Result { try start(arguments).result() }
  @discardableResult
  func callAsFunction(_ arguments: [String]) throws -> Result { try start(arguments).result() }

  /// Runs a command that needs no files, in a folder of its own.
  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
    try with { try $0.start(arguments, environment: environment).result() }
  }

  /// Starts a command.
  /// - Parameters:
  ///   - environment: laid over the tests' own.
  ///   - wrapper: a program that runs the command, by its path, and the arguments before the command.
  func start(
    _ arguments: [String], environment: [String: String] = [:], wrapper: [String] = []
  ) throws -> Running {
    try Running(wrapper + [GroveTool.executable.path] + arguments, folder, environment)
  }

  /// A process on its way. Output goes to files: a pipe that nobody reads would block it.
  final class Running {
    let process = Process()
    private let folder: URL
    private let output: URL
    private let errors: URL

    fileprivate init(_ command: [String], _ folder: URL, _ environment: [String: String]) throws {
      self.folder = folder
      let place = FileManager.default.temporaryDirectory.appending(path: "grove-tool-\(UUID().uuidString)")
      (output, errors) = (place.appendingPathExtension("out"), place.appendingPathExtension("err"))
      for file in [output, errors] { try FileSystem.write("", to: file) }
      process.executableURL = URL(filePath: command[0])
      process.arguments = Array(command.dropFirst())
      process.currentDirectoryURL = folder
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: output)
      process.standardError = try FileHandle(forWritingTo: errors)
      try process.run()
    }

    deinit { for file in [output, errors] { try? FileSystem.remove(file) } }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the end. A signal that ended the process counts as its negative.
    func result() throws -> Result {
      process.waitUntilExit()
      let code = process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
      func text(_ file: URL) throws -> String {
        String(decoding: try FileSystem.read(file), as: UTF8.self).replacingOccurrences(of: folder.path, with: "DIR")
      }
      return Result(code: code, output: try text(output), errors: try text(errors))
    }

    /// What it has said on standard error so far.
    func errorsSoFar() throws -> String { String(decoding: try FileSystem.read(errors), as: UTF8.self) }

    /// Waits until something is so or the process has ended. False after a minute or at the end.
    func waits(until isSo: () throws -> Bool) rethrows -> Bool {
      let deadline = ContinuousClock.now + .seconds(60)
      while ContinuousClock.now < deadline {
        if try isSo() { return true }
        if !process.isRunning { return try isSo() }
        usleep(500)  // leaves the core to the process
      }
      return false
    }
  }
}

/// A corpus and the arguments of a run on it that takes about a second.
struct TinyTraining {
  let tool: GroveTool
  let corpus: TinyCorpus

  init(_ tool: GroveTool) throws {
    self.tool = tool
    corpus = try TinyCorpus(in: tool.folder)
    try FileSystem.write(
      """
      model: {contextLength: 16, width: 16, layers: 1, attention: {heads: 2, keyValueHeads: 2}, feedForwardWidth: 24}
      data: {folder: shards}
      training:
        steps: 60
        batchSize: 4
        precision: float32
        threads: 1
        schedule: {warmupSteps: 5}
      validation: {everySteps: 20, tokensPerDomain: 300}
      checkpoints: {everySteps: 5}
      """, to: tool.path("tiny.yaml"))
  }

  func arguments(_ run: String, _ more: String...) -> [String] {
    ["train", "tiny.yaml", "--run", run, "--json"] + more
  }

  /// SHA-256 of the weights and moments after a step.
  func ending(_ run: String, step: Int = 60) throws -> [String] {
    let digits = String(step)
    let name = "step-" + String(repeating: "0", count: 8 - digits.count) + digits
    return try ["model.safetensors", "optimizer.safetensors"].map {
      try ContentHash.ofFile(tool.path("\(run)/checkpoints/\(name)/\($0)"))
    }
  }

  /// The lines of a run's log of one kind.
  func log(_ run: String, kind: String) throws -> [JSONValue] {
    let file = tool.path("\(run)/metrics.jsonl")
    guard FileSystem.exists(file) else { return [] }
    return try FileSystem.read(file).split(separator: 0x0A).compactMap { try? JSONValue(parsing: $0, at: "log") }
      .filter { $0["kind"]?.stringValue == kind }
  }

  func loggedSteps(_ run: String) throws -> [Int] { try log(run, kind: "step").compactMap { $0["step"]?.integerValue } }
}
