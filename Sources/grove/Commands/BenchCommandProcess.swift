import Foundation
import GroveCore
import Synchronization

/// The processes that a benchmark starts: this program again, and its peers in Python.
enum BenchProcess {
  /// This executable.
  static var grove: URL { Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]) }

  /// Grove's folder, which holds the peers' programs.
  static func root() throws -> URL {
    var folder = grove.resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/" {
      if FileSystem.exists(folder.appending(path: "Benchmarks/peers/train.py")) { return folder }
      folder.deleteLastPathComponent()
    }
    throw GroveError(
      .file, grove.path, "is not inside Grove's folder, where Benchmarks/peers is",
      remedy: "Run the executable where it was built.")
  }

  /// The domains of the demo corpus, without the licences beside them.
  static func demoFiles() throws -> [URL] {
    try FileSystem.entries(of: root().appending(path: "Examples/demo")).filter {
      $0.lastPathComponent.hasSuffix(".jsonl.zst")
    }
  }

  /// The Python of the peers: `GROVE_PARITY`, or `.deps/parity` in Grove's folder.
  static func python() throws -> URL {
    let named = ProcessInfo.processInfo.environment["GROVE_PARITY"].map { URL(filePath: $0) }
    let environment = try named ?? root().appending(path: ".deps/parity")
    let python = environment.appending(path: "bin/python")
    guard FileSystem.exists(python) else {
      throw GroveError(
        .file, environment.path, "the peers' Python environment is missing",
        remedy: "Run 'scripts/parity-environment', or set GROVE_PARITY to a virtual environment that has it.")
    }
    return python
  }

  /// tcmalloc, for `LD_PRELOAD`.
  static func tcmalloc() throws -> String {
    let folders = [
      "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/local/lib",
    ]
    let files = folders.map { "\($0)/libtcmalloc_minimal.so.4" }
    guard let file = files.first(where: { FileSystem.exists(URL(filePath: $0)) }) else {
      throw GroveError(
        .file, "libtcmalloc_minimal.so.4", "is not installed",
        remedy: "On Debian, run 'apt-get install libtcmalloc-minimal4', or compare with '--peer eager'.")
    }
    return file
  }

  /// The commit of the sources that this program stands in.
  static var commit: String {
    guard let root = try? root() else { return "unknown" }
    let git = URL(filePath: "/usr/bin/env")
    let arguments = ["git", "-C", root.path, "describe", "--always", "--dirty", "--exclude", "*"]
    let output = try? run(git, arguments, quiet: true)
    return output.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
      ?? "unknown"
  }

  /// Runs this program and decodes what it prints with `--json`.
  static func grove<Result: Decodable>(_ arguments: [String]) throws -> Result {
    try decode(try run(grove, arguments + ["--json", "--quiet"]), "grove \(arguments.joined(separator: " "))")
  }

  /// Runs this program several times at once, and decodes what each prints with `--json`.
  static func together<Measured: Decodable & Sendable>(_ calls: [[String]]) throws -> [Measured] {
    let results = Mutex([Int: Result<Measured, any Error>]())
    DispatchQueue.concurrentPerform(iterations: calls.count) { index in
      let result = Result { try grove(calls[index]) as Measured }
      results.withLock { $0[index] = result }
    }
    let all = results.withLock { $0 }
    return try calls.indices.map { try all[$0]!.get() }
  }

  /// Runs a peer and decodes the line that it prints.
  static func peer<Result: Decodable>(
    _ script: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Result {
    let file = try root().appending(path: "Benchmarks/peers/\(script)")
    return try decode(try run(python(), [file.path] + arguments, environment: environment), script)
  }

  private static func decode<Result: Decodable>(_ output: Data, _ what: String) throws -> Result {
    do { return try JSONDecoder().decode(Result.self, from: output) } catch let error as DecodingError {
      throw GroveError(.format, what, "did not print a measurement", cause: error)
    }
  }

  /// Runs a program to its end; its standard error is ours.
  /// - Throws: `GroveError` if it cannot be started or ends with a code other than 0.
  private static func run(
    _ program: URL, _ arguments: [String], environment: [String: String] = [:], quiet: Bool = false
  ) throws -> Data {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    if quiet { process.standardError = FileHandle.nullDevice }
    do { try process.run() } catch {
      throw GroveError(.file, program.path, "cannot be started: \(error.localizedDescription)", cause: error)
    }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let call = ([program.lastPathComponent] + arguments).joined(separator: " ")
      throw GroveError(
        .file, call, "ended with code \(process.terminationStatus)", remedy: "Its messages are above.")
    }
    return output
  }
}
