import GroveCorpus
import GroveTensor

/// The tokens of one step.
struct TrainingBatch {
  /// `[B, T]`, int64.
  let tokens: Tensor
  /// The tokens one position later, `[B, T]`, int64.
  let targets: Tensor

  init(_ sequences: [SequenceReference], of dataset: TokenDataset, device: Device) throws {
    let t = dataset.contextLength
    var window = [Int64](repeating: 0, count: t + 1)
    var tokens: [Int64] = []
    var targets: [Int64] = []
    tokens.reserveCapacity(sequences.count * t)
    targets.reserveCapacity(sequences.count * t)
    for sequence in sequences {
      try window.withUnsafeMutableBufferPointer { try dataset.fill(sequence, into: $0) }
      tokens += window[..<t]
      targets += window[1...]
    }
    self.tokens = try Tensor(tokens, [sequences.count, t]).moved(to: device)
    self.targets = try Tensor(targets, [sequences.count, t]).moved(to: device)
  }
}
