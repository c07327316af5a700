import ArgumentParser
import Foundation
import GroveCore
import GroveReport
import GroveTensor
import GroveTrain

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Report toolchain, libtorch, devices, cores, threads and memory.")

  @OptionGroup var output: OutputOptions

  func run() throws {
    let facts = try facts()
    output.show(
      facts.map {
        "\($0.key.padding(toLength: 18, withPad: " ", startingAt: 0)) \($0.value.stringValue ?? $0.value.text)"
      }
      .joined(separator: "\n"), json: .object(facts))
  }

  private func facts() throws -> [(key: String, value: JSONValue)] {
    let memory = Int(ProcessInfo.processInfo.physicalMemory)
    var facts: [(key: String, value: JSONValue)] = [
      ("grove", .string(groveVersion)), ("swift", .string(compilerVersion)),
      ("system", .string(ProcessInfo.processInfo.operatingSystemVersionString)),
      ("cores", .integer(ProcessInfo.processInfo.activeProcessorCount)),
      ("memory", .string(NumberText.bytes(memory))),
      ("libtorch folder", .string(Torch.libtorchFolder?.path ?? "not found")),
    ]
    do {
      facts.append(("libtorch", .string(try Torch.version())))
      facts.append(("threads", .integer(try Torch.threads())))
      facts.append(("cuda devices", .integer(try Torch.cudaDevices())))
      facts.append(
        ("float32 GFLOP/s", .integer(Int(try MatrixCeiling.measure(.float32, device: .cpu)))))
      facts.append(
        ("bfloat16 GFLOP/s", .integer(Int(try MatrixCeiling.measure(.bfloat16, device: .cpu)))))
    } catch {
      facts.append(("libtorch", .string("\(error)")))
    }
    return facts
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
