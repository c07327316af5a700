import GroveCore
public import GroveTensor

extension TrainingConfig {
  /// - Throws: `GroveError` if a step cannot be shared equally by so many processes, or not on this device.
  public func requireShares(for processes: Int, on device: Device) throws {
    guard processes > 1 else { return }
    guard device == .cpu else {
      throw GroveError(
        .argument, "device", "\(processes) processes cannot train on \(device): their gradients meet on CPUs",
        remedy: "Train with one process, or on the CPU.")
    }
    guard batchSize.isMultiple(of: processes) else {
      throw GroveError(
        .config, "training.batchSize", "\(batchSize) sequences cannot be shared equally by \(processes) processes",
        remedy: "Give a multiple of \(processes).")
    }
    let share = batchSize / processes
    guard microBatchSize == 0 || share.isMultiple(of: microBatchSize) else {
      throw GroveError(
        .config, "training.microBatchSize",
        "\(microBatchSize) does not divide the \(share) sequences that each of \(processes) processes takes")
    }
  }
}
