import ArgumentParser
import GroveTensor

/// `--device`, wherever a command computes.
struct DeviceOption: ParsableArguments {
  @Option(name: .customLong("device"), help: "cpu, cuda, cuda:1 or mps.") var name = "cpu"

  func validate() throws {
    if Device(name) == nil { throw ValidationError("--device: '\(name)' is not cpu, cuda, cuda:N or mps") }
  }

  var device: Device { Device(name) ?? .cpu }
}
