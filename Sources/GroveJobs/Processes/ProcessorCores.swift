import CProcess
import Foundation

/// The cores of this machine that this process may use.
public enum ProcessorCores {
  /// Their numbers. Neighbours in the list share most: the threads of one core stand together, then the cores of one
  /// processor, so that a group cut out of the list disturbs the others least.
  ///
  /// A container, `taskset` and Slurm may allow fewer than the machine has. On macOS the numbers are only counted.
  public static var available: [Int] {
    var numbers = [Int32](repeating: 0, count: 1 << 16)
    let count = Int(grove_process_cores(&numbers, Int32(numbers.count)))
    guard count > 0 else { return Array(0..<ProcessInfo.processInfo.activeProcessorCount) }
    let keys = numbers.prefix(count).map { core in
      ["physical_package_id", "core_id"].map { topology($0, ofCore: Int(core)) } + [Int(core)]
    }
    return keys.sorted { $0.lexicographicallyPrecedes($1) }.map { $0[2] }
  }

  private static func topology(_ name: String, ofCore core: Int) -> Int {
    let file = "/sys/devices/system/cpu/cpu\(core)/topology/\(name)"
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return 0 }
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }
}
