import CProcess
public import Foundation
import GroveCore

/// A process that this one has started and sees to its end.
///
/// It is in a process group of its own, so that a terminal's Ctrl-C reaches it only through us, and its standard input is
/// empty. It gets `GROVE_LAUNCHER`, by which it knows us; on Linux SIGTERM when the thread that started it ends. What it
/// leaves behind in its group is killed when it ends.
public final class ChildProcess {
  /// Where output goes.
  public enum Output: Sendable {
    /// Where that of this process goes.
    case inherited
    case discarded
    /// To the end of a file, which is made with its folder where it is missing.
    case appended(to: URL)
  }

  /// The number that the system gave it.
  public let identifier: Int32
  private var end: ProcessEnd?

  /// This program.
  public static var thisExecutable: URL { Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]) }

  /// Starts the process.
  /// - Parameters:
  ///   - environment: laid over that of this process.
  ///   - errors: where its standard error goes; nil for where its output goes.
  ///   - cores: those that it may use, on Linux; none for all that this process may use.
  /// - Throws: `GroveError` if it cannot be started, or an output not be opened.
  public init(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:], output: Output,
    errors: Output? = nil, cores: [Int] = []
  ) throws {
    let outputFile = try ChildProcess.descriptor(output, inherited: STDOUT_FILENO)
    defer { outputFile.close() }
    let errorsFile = try errors.map { try ChildProcess.descriptor($0, inherited: STDERR_FILENO) }
    defer { errorsFile?.close() }
    var variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    variables[LauncherProcess.variable] = "\(getpid())"
    let texts = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var number: Int32 = 0
    let failure = ChildProcess.withPointers([executable.path] + arguments) { arguments in
      ChildProcess.withPointers(texts) { environment in
        cores.map(Int32.init).withUnsafeBufferPointer { cores in
          var request = GroveProcessRequest(
            path: arguments[0], arguments: arguments, environment: environment, output: outputFile.number,
            errors: (errorsFile ?? outputFile).number, cores: cores.baseAddress, coreCount: Int32(cores.count))
          return grove_process_start(&request, &number)
        }
      }
    }
    if failure != 0 { throw GroveError.system(executable.path, "start", errno: failure) }
    identifier = number
  }

  /// How it has ended; nil while it runs. Does not wait.
  public func poll() -> ProcessEnd? {
    if let end { return end }
    var (code, signal): (Int32, Int32) = (-1, -1)
    guard grove_process_poll(identifier, &code, &signal) == 1 else { return nil }
    end = code >= 0 ? .exited(code) : signal >= 0 ? .killed(signal: signal) : .unknown
    return end
  }

  /// Waits for its end.
  @discardableResult
  public func wait() -> ProcessEnd {
    while true {
      if let end = poll() { return end }
      usleep(5_000)
    }
  }

  /// Sends a signal to the process alone; nothing if it has ended.
  public func send(_ signal: Int32) {
    if poll() == nil { _ = Foundation.kill(identifier, signal) }
  }

  /// Ends the process and all that is in its group at once, and waits until it is gone.
  public func kill() {
    guard poll() == nil else { return }
    _ = Foundation.kill(-identifier, SIGKILL)
    wait()
  }

  private struct Descriptor {
    let number: Int32
    let isOurs: Bool
    func close() { if isOurs { _ = Foundation.close(number) } }
  }

  private static func descriptor(_ output: Output, inherited: Int32) throws -> Descriptor {
    let path: String
    switch output {
    case .inherited: return Descriptor(number: inherited, isOurs: false)
    case .discarded: path = "/dev/null"
    case .appended(let file):
      try FileSystem.makeFolder(file.deletingLastPathComponent())
      path = file.path
    }
    let number = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    if number < 0 { throw GroveError.system(path, "open", errno: errno) }
    return Descriptor(number: number, isOurs: true)
  }

  /// Hands C strings and their closing NULL to `body`.
  private static func withPointers<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
