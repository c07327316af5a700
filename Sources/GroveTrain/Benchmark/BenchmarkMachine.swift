import Foundation

/// Where and when a benchmark ran.
public struct BenchmarkMachine: Equatable, Sendable, CustomStringConvertible {
  /// The model's name in /proc/cpuinfo; "unknown processor" where there is none.
  public var processor: String
  /// Logical ones that the process may use.
  public var cores: Int
  /// Physical memory of the machine.
  public var memoryBytes: Int
  public var system: String
  /// Of the sources, with "-dirty" if they were changed since; "unknown" outside a git checkout.
  public var commit: String
  /// ISO 8601, in UTC.
  public var date: String

  /// This machine, now.
  public init(commit: String) {
    let process = ProcessInfo.processInfo
    processor = BenchmarkMachine.processorName
    cores = process.activeProcessorCount
    memoryBytes = Int(process.physicalMemory)
    system = process.operatingSystemVersionString
    self.commit = commit
    date = Date().formatted(.iso8601)
  }

  /// "AMD EPYC 9B45, 2 cores, 24 GiB, Debian GNU/Linux 12".
  public var description: String {
    "\(processor), \(cores) cores, \((memoryBytes + (1 << 29)) >> 30) GiB, \(system)"
  }

  private static var processorName: String {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }
}
