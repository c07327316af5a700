import GroveCore

/// Which domain sample i comes from, such that after any number of samples each domain has had its share to within one.
///
/// Shares are whole parts of a period: the smallest period up to 65,536 in which all weights are whole (to 1e-9 of the
/// period), else 65,536 with the parts of largest remainder rounded up. One period is laid out by Tijdeman's rule, for
/// which no prefix differs from the shares by more than 1 − 1/(2D − 2) of D domains; it then repeats, and differences
/// are zero between periods. A lookup takes O(1) time, the table at most 0.8 MiB.
///
/// - Source: Tijdeman 1980, "The chairman assignment problem", Discrete Mathematics 32, theorem 1.
struct DomainSchedule: Sendable {
  /// Parts of the period of each domain.
  let parts: [Int]
  let period: Int
  /// The domain of each position of the period.
  private let domains: [UInt16]
  /// Of each position, how often its domain stands before it in the period.
  private let ranks: [UInt32]
  private static let longestPeriod = 1 << 16

  /// - Precondition: between 1 and 4,096 positive finite weights.
  init(weights: [Double]) {
    precondition(1...4096 ~= weights.count && weights.allSatisfy { $0 > 0 && $0.isFinite }, "bad weights \(weights)")
    parts = DomainSchedule.parts(weights)
    period = parts.reduce(0, +)
    (domains, ranks) = DomainSchedule.layOut(parts, period)
  }

  /// The domain of a sample and how many earlier samples had the same domain.
  func assignment(of sample: Int) -> (domain: Int, earlier: Int) {
    let (round, position) = sample.quotientAndRemainder(dividingBy: period)
    let domain = Int(domains[position])
    return (domain, round * parts[domain] + Int(ranks[position]))
  }

  private static func parts(_ weights: [Double]) -> [Int] {
    let total = weights.reduce(0, +)
    let shares = weights.map { $0 / total }
    for period in weights.count...longestPeriod {
      let exact = shares.allSatisfy {
        let scaled = $0 * Double(period)
        return abs(scaled - scaled.rounded()) <= 1e-9 * Double(period) && scaled.rounded() >= 1
      }
      let parts = shares.map { Int(($0 * Double(period)).rounded()) }
      if exact && parts.reduce(0, +) == period { return parts }
    }
    // No domain may lose its last part, however small its weight.
    var parts = shares.map { max(1, Int($0 * Double(longestPeriod))) }
    func surplus(_ index: Int) -> Double { shares[index] * Double(longestPeriod) - Double(parts[index]) }
    while true {
      let missing = longestPeriod - parts.reduce(0, +)
      if missing == 0 { return parts }
      let candidates = parts.indices.filter { missing > 0 || parts[$0] > 1 }
      let order = candidates.sorted { surplus($0) != surplus($1) ? surplus($0) > surplus($1) : $0 < $1 }
      let chosen = missing > 0 ? order.prefix(missing) : order.suffix(-missing)
      for index in chosen { parts[index] += missing.signum() }
    }
  }

  /// Tijdeman's rule, in whole numbers: among the domains whose deficit allows one more, the one that would be late first.
  private static func layOut(_ parts: [Int], _ period: Int) -> ([UInt16], [UInt32]) {
    guard parts.count > 1 else { return (Array(repeating: 0, count: period), (0..<period).map { UInt32($0) }) }
    let scale = 2 * parts.count - 2
    var counts = [Int](repeating: 0, count: parts.count)
    var domains: [UInt16] = []
    var ranks: [UInt32] = []
    for position in 1...period {
      var best = -1
      var bestSlack = 0
      for (domain, part) in parts.enumerated() {
        let deficit = scale * (part * position - period * counts[domain])
        guard deficit >= period else { continue }
        let slack = (scale - 1) * period - deficit
        // slack / part is compared without division.
        if best < 0 || slack * parts[best] < bestSlack * part { (best, bestSlack) = (domain, slack) }
      }
      precondition(best >= 0, "no domain is due at \(position) of \(period) with parts \(parts)")
      domains.append(UInt16(best))
      ranks.append(UInt32(counts[best]))
      counts[best] += 1
    }
    return (domains, ranks)
  }
}
