import GroveTensor

/// Rows of different lengths as one tensor.
struct PaddedRows {
  /// All of one length T, filled up with 0.
  let rows: [[Int64]]
  /// Ids `[B, T]`.
  let tokens: Tensor
  /// `[B, T]`, false at padding; nil where there is none.
  let attended: Tensor?

  /// Positions of the longest row, T.
  var length: Int { rows.first?.count ?? 0 }

  init(_ rows: [[Int64]], on device: Device) throws {
    let length = rows.map(\.count).max() ?? 0
    let padded = rows.map { $0 + [Int64](repeating: 0, count: length - $0.count) }
    let isFull = rows.allSatisfy { $0.count == length }
    let shown = rows.flatMap { row in (0..<length).map { $0 < row.count } }
    self.rows = padded
    tokens = try Tensor(padded.flatMap { $0 }, [rows.count, length]).moved(to: device)
    attended = isFull ? nil : try Tensor(shown, [rows.count, length]).moved(to: device)
  }
}
