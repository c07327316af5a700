import ArgumentParser
import Foundation
import GroveCore
import GroveReport
import GroveTensor
import GroveTrain

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Report toolchain, libtorch, devices, cores, threads and memory.",
    discussion: "Exits with 1 if tensors cannot be computed; 'problem' says why and what to do.")

  @OptionGroup var output: OutputOptions

  func run() throws {
    let facts = facts()
    output.show(facts.flatMap { lines($0.key, $0.value) }.joined(separator: "\n"), json: .object(facts))
    if facts.contains(where: { $0.key == "problem" }) { throw ExitCode.failure }
  }

  private func facts() -> [(key: String, value: JSONValue)] {
    let machine = BenchmarkMachine(commit: "")
    var facts: [(key: String, value: JSONValue)] = [
      ("grove", .string(groveVersion)), ("swift", .string(compilerVersion)),
      ("swift on PATH", SwiftToolchain.versionOnPath.map { .string($0) } ?? .null),
      ("system", .string(machine.system)), ("cores", .integer(machine.cores)),
      ("memory", .string(NumberText.bytes(machine.memoryBytes))),
      ("libtorch folder", .string(Torch.libtorchFolder?.path ?? "not found")),
    ]
    var devices = [device(.cpu, name: machine.processor, memoryBytes: machine.memoryBytes)]
    do {
      facts.append(("libtorch", .string(try Torch.version())))
      facts.append(("threads", .integer(try Torch.threads())))
      devices += try Torch.accelerators().map { device($0.device, name: $0.name, memoryBytes: $0.memoryBytes) }
      facts.append(("devices", .array(devices)))
      facts.append(("float32 GFLOP/s", .integer(Int(try MatrixCeiling.measure(.float32, device: .cpu)))))
      facts.append(("bfloat16 GFLOP/s", .integer(Int(try MatrixCeiling.measure(.bfloat16, device: .cpu)))))
    } catch {
      facts.append(("problem", .string("\(error)")))
    }
    return facts
  }

  private func device(_ device: Device, name: String?, memoryBytes: Int?) -> JSONValue {
    [
      "device": .string(device.description), "name": name.map { .string($0) } ?? .null,
      "memoryBytes": memoryBytes.map { .integer($0) } ?? .null,
    ]
  }

  /// A line for a fact, one each for devices.
  private func lines(_ key: String, _ value: JSONValue) -> [String] {
    if let devices = value.arrayValue {
      return devices.flatMap { device in
        let memory = device["memoryBytes"]?.integerValue.map(NumberText.bytes)
        let parts = [device["device"]?.stringValue, device["name"]?.stringValue, memory]
        return lines("device", .string(parts.compactMap(\.self).joined(separator: ", ")))
      }
    }
    let text = value == .null ? "none" : value.stringValue ?? value.text
    return ["\(key.padding(toLength: 18, withPad: " ", startingAt: 0)) \(text)"]
  }

  private var compilerVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }
}
