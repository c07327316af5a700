import Foundation

/// Sums and shares of probabilities that are given by their logarithms, in float64.
enum LogSpace {
  /// log Σ eˣ without overflow or underflow; −∞ for no terms. A single term is given back as it is.
  static func sum(_ terms: some Sequence<Double>) -> Double {
    let highest = terms.reduce(-Double.infinity) { max($0, $1) }
    if highest == -.infinity || !highest.isFinite { return terms.contains(where: \.isNaN) ? .nan : highest }
    let total = terms.reduce(0.0) { $0 + exp($1 - highest) }
    return total.isNaN ? .nan : highest + log(total)
  }

  /// Shifts the terms so that their exponentials sum to 1.
  static func normalise(_ terms: inout [Double]) {
    let total = sum(terms)
    for index in terms.indices { terms[index] -= total }
  }

  /// Keeps the `count` largest terms and makes the others −∞. Of equal ones those that come first are kept.
  /// - Complexity: O(terms · count).
  static func keepLargest(_ count: Int, of terms: inout [Double]) {
    if count >= terms.count { return }
    var kept: [Int] = []
    for index in terms.indices {
      let place = kept.firstIndex { terms[$0] < terms[index] } ?? kept.count
      if place < count {
        kept.insert(index, at: place)
        if kept.count > count { kept.removeLast() }
      }
    }
    for index in terms.indices where !kept.contains(index) { terms[index] = -.infinity }
  }
}
