import Foundation
import GroveModel
import GroveTensor

extension Optimizer {
  /// Runs `body` while the first process has the full-precision values of all parameters. Every process calls this.
  func withWholeValues<Result>(_ body: () throws -> Result) throws -> Result {
    let lent = slots.filter { ($0.owner ?? 0) != 0 && $0.parameter.working.dtype != .float32 }
    for slot in lent {
      let value = try slot.moments == nil ? .zeros(slot.parameter.shape, .float32) : slot.parameter.value
      try processes.broadcast([(value, slot.owner ?? 0)])
      if processes.isFirst { slot.parameter.replaceValue(value) }
    }
    defer { if processes.isFirst { for slot in lent { slot.parameter.replaceValue(slot.parameter.working) } } }
    return try body()
  }

  /// Writes the moments. Every process calls this; the first one has a file, and gets what the others hold as the file
  /// reaches it, so that none ever holds all.
  func save(to file: URL?) throws {
    let items = slots.flatMap { slot in
      [(slot.firstMomentName, slot, slot.moments?.mean)]
        + (slot.secondMomentName.map { [($0, slot, slot.moments?.square)] } ?? [])
    }.map { name, slot, tensor in
      SafetensorsWriter.Item(name, .float32, slot.parameter.shape) { try self.inFirstProcess(tensor, of: slot) }
    }
    if let file { try SafetensorsWriter.write(items, to: file) } else { try SafetensorsWriter.visit(items) }
  }

  /// A moment that some process holds, brought to the first. Elsewhere the result means nothing.
  private func inFirstProcess(_ tensor: Tensor?, of slot: Slot) throws -> Tensor {
    if let tensor, slot.owner ?? 0 == 0 { return tensor }
    let tensor = try tensor ?? .zeros(slot.parameter.shape, .float32)
    if let owner = slot.owner, owner != 0 { try processes.broadcast([(tensor, owner)]) }
    return tensor
  }

  /// Reads back the moments that this process holds.
  func restore(from file: URL) throws {
    let stored = try SafetensorsFile(file)
    try withGradients(.off) {
      for slot in slots {
        guard let moments = slot.moments else { continue }
        try moments.mean.copy(from: stored.tensor(slot.firstMomentName))
        if let name = slot.secondMomentName { try moments.square?.copy(from: stored.tensor(name)) }
      }
    }
  }
}
