import GroveCore
import GroveEval

/// The record of a `StreamRun`, read by name.
struct StreamRecord {
  let arm: ArmRecord
  var seed: Int { arm.seed }

  /// Bits per byte of all held-out documents of a stream at the end.
  func bitsPerByte(_ stream: String) throws -> Double { try arm.figure(stream) }

  /// Steps done and the bits per byte after them, on the held-out documents that judge a run while it trains.
  func curve(_ stream: String) throws -> [(step: Int, bitsPerByte: Double)] {
    Array(zip(try arm.list("steps").map { Int($0) }, try arm.list("\(stream) curve")))
  }

  /// The factor from bits per byte to nats per token on a stream: of all its held-out documents, so the same for all arms.
  func natsPerToken(ofBitsOn stream: String) throws -> Double {
    try arm.figure("\(stream) bytes per token") * DocumentLoss.natsPerBit
  }

  /// How far the highest point of a curve within the first steps lies above a start, as a share of the start.
  func excess(_ stream: String, within steps: Int, over start: Double) throws -> Double {
    let highest = try curve(stream).filter { $0.step <= steps }.map(\.bitsPerByte).max() ?? .nan
    return highest / start - 1
  }

  /// Bits per byte at the end minus those of another run's end, with a bootstrap interval over the held-out documents.
  func difference(from other: StreamRecord, on stream: String, key: RandomKey) throws -> Interval {
    let bits = try arm.list("\(stream) bytes").map { $0 * DocumentLoss.natsPerBit }
    return try Bootstrap(key: key).pairedRatioDifference(
      arm.list("\(stream) nats"), other.arm.list("\(stream) nats"), per: bits)
  }
}

/// The records of one arm, a seed each.
struct StreamRecords {
  let records: [ArmRecord]

  /// The records of an arm, in the order of their seeds.
  func callAsFunction(_ arm: String) -> [StreamRecord] {
    records.filter { $0.arm == arm }.sorted { $0.seed < $1.seed }.map(StreamRecord.init)
  }

  /// Of two arms the records of each seed.
  func pairs(_ first: String, _ second: String) -> [(StreamRecord, StreamRecord)] {
    let (first, second) = (self(first), self(second))
    precondition(first.map(\.seed) == second.map(\.seed), "the arms have other seeds")
    return Array(zip(first, second))
  }
}
