/// The minimum of a function of a few numbers within bounds, without slopes.
///
/// - Source: Nelder and Mead 1965, "A simplex method for function minimization"; points outside the bounds are moved onto
///   them.
struct SimplexSearch {
  let bounds: ClosedRange<Double>
  var mostSteps = 400

  typealias Vertex = (point: [Double], error: Double)

  /// - Parameter error: may be infinite where the function has no value.
  func minimum(from start: [Double], _ error: ([Double]) -> Double) -> Vertex {
    let count = start.count
    let size = 0.1 * (bounds.upperBound - bounds.lowerBound)
    func vertex(_ point: [Double]) -> Vertex {
      let inside = point.map { min(max($0, bounds.lowerBound), bounds.upperBound) }
      return (inside, error(inside))
    }
    var simplex = [vertex(start)]
    for axis in 0..<count {
      var point = start
      point[axis] += point[axis] + size <= bounds.upperBound ? size : -size
      simplex.append(vertex(point))
    }
    for _ in 0..<mostSteps {
      simplex.sort { $0.error < $1.error }
      let (best, worst) = (simplex[0], simplex[count])
      let isSmall = zip(best.point, worst.point).allSatisfy {
        abs($0 - $1) < 1e-9 * (bounds.upperBound - bounds.lowerBound)
      }
      if isSmall { break }
      let center = (0..<count).map { axis in
        simplex.dropLast().reduce(0) { $0 + $1.point[axis] } / Double(count)
      }
      /// On the line from the worst through the center of the others: 1 reflects, 2 goes further, −½ stays inside.
      func along(_ factor: Double) -> Vertex {
        vertex(zip(center, worst.point).map { $0 + factor * ($0 - $1) })
      }
      let reflected = along(1)
      if reflected.error < best.error {
        let further = along(2)
        simplex[count] = further.error < reflected.error ? further : reflected
      } else if reflected.error < simplex[count - 1].error {
        simplex[count] = reflected
      } else {
        let inside = along(reflected.error < worst.error ? 0.5 : -0.5)
        if inside.error < min(reflected.error, worst.error) {
          simplex[count] = inside
        } else {
          for index in 1...count {
            simplex[index] = vertex(zip(best.point, simplex[index].point).map { ($0 + $1) / 2 })
          }
        }
      }
    }
    return simplex.min { $0.error < $1.error } ?? simplex[0]
  }
}
