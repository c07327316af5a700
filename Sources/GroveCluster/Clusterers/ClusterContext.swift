/// A growing text and its squared distances to the centres.
///
/// Distances after every append equal those of the whole text from scratch, bit for bit, wherever the text is cut. The
/// word at the end counts as it stands, finished or not, as in the published code, which vectorises each prefix anew.
/// The lengths of tf-idf and projection drop out of a vector that is brought to unit length, so a sum over words
/// suffices.
public struct ClusterContext: Sendable {
  private let clusterer: Clusterer
  private var reader = WordReader()
  /// The sum of idf · projection over the finished words.
  private var sum: [Double]

  init(_ clusterer: Clusterer) {
    self.clusterer = clusterer
    sum = [Double](repeating: 0, count: clusterer.dimensions)
  }

  /// Adds bytes of UTF-8, which may end inside a character or a word.
  /// - Complexity: O(bytes + new words · dimensions).
  public mutating func append(_ bytes: some Sequence<UInt8>) {
    let isRead: Void? = bytes.withContiguousStorageIfAvailable { read($0) }
    if isRead == nil { Array(bytes).withUnsafeBufferPointer { read($0) } }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
    var (reader, sum) = (self.reader, self.sum)
    self.sum = []  // so that the sum is changed where it is
    reader.read(bytes) { clusterer.add($0, to: &sum) }
    (self.reader, self.sum) = (reader, sum)
  }

  /// One for each centre, not negative.
  /// - Complexity: O(clusters · dimensions).
  public func squaredDistances() -> [Double] {
    var (reader, sum) = (self.reader, self.sum)
    reader.finish { clusterer.add($0, to: &sum) }
    return clusterer.squaredDistances(ofSum: sum)
  }

  /// The cluster whose centre is nearest; of equally near ones the first.
  public func nearest() -> Int {
    let distances = squaredDistances()
    return distances.indices.reduce(0) { distances[$1] < distances[$0] ? $1 : $0 }
  }
}

extension Clusterer {
  /// Adds idf · projection of a word; nothing for a word that is no term.
  @inline(__always)
  func add(_ word: UnsafeBufferPointer<UInt8>, to sum: inout [Double]) {
    guard let term = vocabulary.number(of: word) else { return }
    let (weight, start) = (vocabulary.inverseFrequencies[term], term * dimensions)
    projection.withUnsafeBufferPointer { projection in
      sum.withUnsafeMutableBufferPointer { sum in
        for column in 0..<dimensions { sum[column] += weight * Double(projection[start + column]) }
      }
    }
  }

  /// |v̂|² + |c|² − 2 v̂·c for the unit vector of a sum.
  func squaredDistances(ofSum sum: [Double]) -> [Double] {
    let squares = sum.reduce(0) { $0 + $1 * $1 }
    guard squares > 0 else { return centreSquares }
    let scale = 2 / squares.squareRoot()
    return centreSquares.indices.map { cluster in
      var product = 0.0
      for column in 0..<dimensions { product += sum[column] * Double(centres[cluster * dimensions + column]) }
      return max(0, 1 + centreSquares[cluster] - scale * product)
    }
  }
}
