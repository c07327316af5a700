import GroveCore
import GroveEval

/// How the losses of one size and new domain move with tokens, for each share of the domain: the curves of some seeds, their
/// mean, and the laws that are fitted to it.
///
/// Tokens are counted in units of T, losses in nats a token and from the base's.
struct MixtureCurves {
  /// Shares of the domain, 0 first.
  let ratios: [Double]
  /// When the losses were measured.
  let times: [Double]
  /// By seed, ratio and time.
  let general: [[[Double]]]
  /// By seed, ratio and time; at the share 0 too.
  let domain: [[[Double]]]
  /// The base's loss on the two texts, mean over seeds.
  let start: (general: Double, domain: Double)
  /// Points before it are left out of the fits.
  let first: Double
  private let key = RandomKey(seed: 0).split("mixture curves")

  /// The laws of a mean over seeds, for each ratio.
  struct Laws {
    let ratios: [Double]
    let general: [PowerLaw]
    let domain: [PowerLaw]
  }

  init(_ records: StreamRecords, _ size: ModelSize, domain name: String, _ config: CriticalMixtureConfig) throws {
    ratios = [0] + config.ratios
    first = config.firstShare
    let bases = records(CriticalMixtureArm.base(size))
    let length = Double(config.pretraining.steps)
    let arms = ratios.map { records(CriticalMixtureArm.name(size, name, $0)) }
    times = try arms[0][0].curve(config.general).map { Double($0.step) / length }
    func losses(_ record: StreamRecord, _ stream: String, from base: StreamRecord) throws -> [Double] {
      let factor = try base.natsPerToken(ofBitsOn: stream)
      let start = try base.curve(stream).last?.bitsPerByte ?? .nan
      return try record.curve(stream).map { factor * ($0.bitsPerByte - start) }
    }
    func all(_ stream: String) throws -> [[[Double]]] {
      try bases.indices.map { seed in try arms.map { try losses($0[seed], stream, from: bases[seed]) } }
    }
    func start(_ stream: String) throws -> Double {
      try Statistics.mean(
        bases.map { try $0.natsPerToken(ofBitsOn: stream) * ($0.curve(stream).last?.bitsPerByte ?? .nan) })
    }
    (general, domain) = (try all(config.general), try all(name))
    self.start = (try start(config.general), try start(name))
  }

  /// The mean of some seeds, by ratio and time; a seed that is named twice counts twice.
  static func mean(_ curves: [[[Double]]], _ seeds: [Int]) -> [[Double]] {
    curves[0].indices.map { ratio in
      curves[0][ratio].indices.map { time in
        seeds.reduce(0) { $0 + curves[$1][ratio][time] } / Double(seeds.count)
      }
    }
  }

  /// The points of a curve that a fit up to a time sees.
  func points(_ curve: [Double], until end: Double) -> (times: [Double], losses: [Double]) {
    let chosen = times.indices.filter { (first...end).contains(times[$0]) }
    return (chosen.map { times[$0] }, chosen.map { curve[$0] })
  }

  /// One power for the domain, whose loss only falls; two for the general text, whose loss rises and may fall again.
  func laws(of seeds: [Int], until end: Double) throws -> Laws {
    let one = try PowerLawFitter(termCount: 1, exponents: -2...2, starts: 8, key: key)
    let two = try PowerLawFitter(termCount: 2, exponents: 0.05...2, starts: 8, key: key)
    func fits(_ curves: [[[Double]]], _ fitter: PowerLawFitter) throws -> [PowerLaw] {
      try MixtureCurves.mean(curves, seeds).map { curve in
        let points = points(curve, until: end)
        return try fitter.fit(points.times, points.losses)
      }
    }
    return Laws(ratios: ratios, general: try fits(general, two), domain: try fits(domain, one))
  }

  /// The deviation over seeds of the general loss at a time, pooled over the ratios; 0 for a single seed.
  func seedDeviation(at end: Double) throws -> Double {
    guard general.count > 1, let place = times.lastIndex(where: { $0 <= end }) else { return 0 }
    let variances = try ratios.indices.map { ratio in
      try Statistics.sampleVariance(general.map { $0[ratio][place] })
    }
    return try Statistics.mean(variances).squareRoot()
  }
}
