import GroveCore
import GroveTensor

/// Measures what a call of a small operator costs: the way there and back, not the arithmetic.
public enum OperatorBenchmark {
  /// The operators that every engine measures, without gradients, float32 on one thread.
  public enum Case: String, Codable, Sendable, CaseIterable {
    /// Two vectors of 16 added.
    case add
    /// Two matrices of 16 × 16 multiplied.
    case matmul
    /// A vector of 16 seen as 4 × 4: no memory is touched.
    case view
  }

  /// What one process measured: Grove's or a peer's, in the same JSON.
  public struct Measurement: Codable, Equatable, Sendable {
    /// With versions: "grove 0.1.0, libtorch 2.13.0".
    public var engine: String
    /// Microseconds a call, one value for each block of calls, by the name of the case.
    public var microseconds: [String: [Double]]
    /// The sum over the last result of each case: equal for all engines.
    public var sums: [String: Double]
  }

  /// Times blocks of calls, after one block that is not counted.
  public static func run(blocks: Int, callsPerBlock: Int) throws -> Measurement {
    try Torch.setThreads(1)
    let vector = try Tensor.range(16, .float32)
    let matrix = try vector.reshaped(16, 1) + vector  // entry i, j is i + j
    var measurement = Measurement(
      engine: "grove \(groveVersion), libtorch \(try Torch.version())", microseconds: [:], sums: [:])
    let clock = ContinuousClock()
    try withGradients(.off) {
      for item in Case.allCases {
        let call = operation(item, vector, matrix)
        var times: [Double] = []
        var last = vector
        for block in 0...blocks {
          let began = clock.now
          for _ in 0..<callsPerBlock { last = try call() }
          let microseconds = (clock.now - began).seconds * 1e6 / Double(callsPerBlock)
          if block > 0 { times.append(microseconds) }
        }
        measurement.microseconds[item.rawValue] = times
        measurement.sums[item.rawValue] = try last.sum().item()
      }
    }
    return measurement
  }

  private static func operation(_ item: Case, _ vector: Tensor, _ matrix: Tensor) -> () throws -> Tensor {
    switch item {
    case .add: { try vector + vector }
    case .matmul: { try GroveTensor.matmul(matrix, matrix) }
    case .view: { try vector.reshaped(4, 4) }
    }
  }
}
