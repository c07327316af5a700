import GroveCore
import GroveEval

/// One size and one new domain: its curves, and the critical ratios that follow from any choice of seeds.
final class MixtureCell {
  let size: ModelSize
  let domain: String
  let curves: MixtureCurves
  /// How far the general loss may rise, in nats a token.
  let tolerance: Double
  /// The laws by the time that the fit sees and the seeds, sorted.
  private var known: [Double: [[Int]: MixtureCurves.Laws]] = [:]

  init(_ size: ModelSize, _ domain: String, _ curves: MixtureCurves, tolerance: Double) {
    self.size = size
    self.domain = domain
    self.curves = curves
    self.tolerance = tolerance
  }

  var name: String { "\(size.name) \(domain)" }

  private var allSeeds: [Int] { Array(curves.general.indices) }

  /// The laws of the mean of some seeds, all if none are named; a resample of few seeds comes up again and again, so they
  /// are kept.
  func laws(of seeds: [Int]? = nil, until end: Double = 1) throws -> MixtureCurves.Laws {
    let seeds = (seeds ?? allSeeds).sorted()
    if let laws = known[end]?[seeds] { return laws }
    let laws = try curves.laws(of: seeds, until: end)
    known[end, default: [:]][seeds] = laws
    return laws
  }

  /// The critical ratio at a time up to T, from laws fitted up to T.
  func ratio(at time: Double = 1, of seeds: [Int]? = nil) throws -> CriticalRatio {
    CriticalRatio(try laws(of: seeds), at: time, tolerance: tolerance)
  }

  /// The critical ratio at 2T, from laws that have seen all of the run.
  func ratioAtTwice() throws -> CriticalRatio {
    CriticalRatio(try laws(until: 2), at: 2, tolerance: tolerance)
  }

  /// The times from a quarter of T to T, and the critical ratios there.
  func ratiosOverTime() throws -> (times: [Double], ratios: [Double]) {
    let times = curves.times.filter { (0.25...1).contains($0) }
    return (times, try times.map { try ratio(at: $0).value })
  }

  /// The law of the critical ratio over time, fitted up to T; nil where it does not move.
  func ratioLaw() throws -> PowerLaw? {
    let (times, ratios) = try ratiosOverTime()
    guard Set(ratios).count > 1 else { return nil }
    return try PowerLawFitter(termCount: 1, exponents: -2...2, key: RandomKey(seed: 0).split("critical ratio"))
      .fit(times, ratios)
  }

  // MARK: How well the laws hold

  /// What each fit up to T explains, for the ratios above 0.
  func determinations() throws -> [(ratio: Double, general: Double, domain: Double)] {
    let laws = try laws()
    let means = [curves.general, curves.domain].map { MixtureCurves.mean($0, allSeeds) }
    return try curves.ratios.indices.dropFirst().map { index in
      func explained(_ law: PowerLaw, _ curve: [Double]) throws -> Double {
        let points = curves.points(curve, until: 1)
        return try law.determination(points.times, points.losses)
      }
      return (
        curves.ratios[index], try explained(laws.general[index], means[0][index]),
        try explained(laws.domain[index], means[1][index])
      )
    }
  }

  /// The largest share by which a loss at T is missed that is predicted from the laws at the other ratios alone: a power law
  /// of the share of the text in question.
  func leaveOneOut() throws -> (general: Double, domain: Double) {
    let laws = try laws()
    let fitter = try PowerLawFitter(
      termCount: 1, exponents: -2...2, key: RandomKey(seed: 0).split("leave one out"))
    let means = [curves.general, curves.domain].map { MixtureCurves.mean($0, allSeeds) }
    let last = curves.times.lastIndex { $0 <= 1 } ?? 0
    var largest = [0.0, 0.0]
    for left in curves.ratios.indices.dropFirst() {
      let others = curves.ratios.indices.filter { $0 != left }
      for (stream, start) in [curves.start.general, curves.start.domain].enumerated() {
        // At a share of 0 there is nothing of the domain to be a power of.
        let seen = stream == 0 ? others : others.filter { curves.ratios[$0] > 0 }
        func share(_ index: Int) -> Double { stream == 0 ? 1 - curves.ratios[index] : curves.ratios[index] }
        let values = seen.map { start + (stream == 0 ? laws.general : laws.domain)[$0].value(at: 1) }
        let predicted = try fitter.fit(seen.map(share), values).value(at: share(left))
        let found = start + means[stream][left][last]
        largest[stream] = max(largest[stream], abs(predicted / found - 1))
      }
    }
    return (largest[0], largest[1])
  }
}
