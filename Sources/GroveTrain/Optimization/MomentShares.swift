/// Which process holds the moments of which parameter: whole parameters, the largest first, each to the process that has
/// the least so far. A function of the sizes alone, so that all processes find the same.
struct MomentShares {
  /// The process of each parameter.
  let owners: [Int]

  init(sizes: [Int], processes: Int) {
    var loads = [Int](repeating: 0, count: processes)
    var owners = [Int](repeating: 0, count: sizes.count)
    for index in sizes.indices.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
      let owner = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      owners[index] = owner
      loads[owner] += sizes[index]
    }
    self.owners = owners
  }
}
