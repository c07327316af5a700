import Dispatch

/// Vectors of documents, row-major `[N, dimensions]`, each of unit length or zero.
package struct DocumentVectors: Sendable {
  package let dimensions: Int
  package private(set) var values: [Float]

  /// - Precondition: whole rows.
  package init(values: [Float], dimensions: Int) {
    precondition(
      dimensions > 0 && values.count.isMultiple(of: dimensions), "\(values.count) values, \(dimensions) a row")
    self.dimensions = dimensions
    self.values = values
    normalize()
  }

  package var count: Int { values.count / dimensions }

  /// Projects sparse rows and brings them to unit length. A row without terms stays zero.
  init(_ rows: TermRows, _ projection: TermProjection) {
    let width = projection.dimensions
    var output = [Float](repeating: 0, count: rows.count * width)
    output.withUnsafeMutableBufferPointer { output in
      projection.values.withUnsafeBufferPointer { matrix in
        // Safety: a thread writes the rows of its block only.
        nonisolated(unsafe) let target = output
        // Safety: read only.
        nonisolated(unsafe) let matrix = matrix
        Blocks.forEach(of: rows.count, size: 1024) { block in
          for row in block {
            for place in rows.starts[row]..<rows.starts[row + 1] {
              let (base, weight) = (Int(rows.terms[place]) * width, rows.weights[place])
              for column in 0..<width { target[row * width + column] += matrix[base + column] * weight }
            }
          }
        }
      }
    }
    self.init(values: output, dimensions: width)
  }

  /// The rows of some numbers, in their order.
  func selecting(_ rows: some Collection<Int>) -> DocumentVectors {
    var chosen: [Float] = []
    chosen.reserveCapacity(rows.count * dimensions)
    for row in rows { chosen.append(contentsOf: values[row * dimensions..<(row + 1) * dimensions]) }
    return DocumentVectors(values: chosen, dimensions: dimensions)
  }

  /// Whether a row has a direction.
  func isZero(_ row: Int) -> Bool { values[row * dimensions..<(row + 1) * dimensions].allSatisfy { $0 == 0 } }

  private mutating func normalize() {
    let width = dimensions
    let rows = count
    values.withUnsafeMutableBufferPointer { buffer in
      // Safety: a thread writes the rows of its block only.
      nonisolated(unsafe) let buffer = buffer
      Blocks.forEach(of: rows, size: 4096) { block in
        for row in block {
          var squares = 0.0
          for column in 0..<width {
            let value = Double(buffer[row * width + column])
            squares += value * value
          }
          guard squares > 0 else { continue }
          let scale = 1 / squares.squareRoot()
          for column in 0..<width {
            buffer[row * width + column] = Float(Double(buffer[row * width + column]) * scale)
          }
        }
      }
    }
  }
}

/// Work in blocks on all cores.
enum Blocks {
  /// Calls `body` with ranges of at most `size` that cover `0..<count`, from several threads at once.
  static func forEach(of count: Int, size: Int, _ body: @Sendable (Range<Int>) -> Void) {
    DispatchQueue.concurrentPerform(iterations: (count + size - 1) / size) { block in
      body(block * size..<min(count, (block + 1) * size))
    }
  }
}
