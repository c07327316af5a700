/// The critical mixture ratio: the largest share of a new domain at which the general loss stays within a tolerance and the
/// domain's falls (Gu et al. 2024, arXiv:2407.17467).
public struct CriticalRatio: Equatable, Sendable {
  /// The share, between 0 and the largest that was tried.
  public let value: Double
  /// Whether the largest share that was tried is still borne, so that the value is a lower bound.
  public let isBound: Bool

  /// - Parameters:
  ///   - ratios: rising, from 0.
  ///   - general: how far the general loss stands above its start at each ratio.
  ///   - domain: the same of the domain.
  ///   - tolerance: how far the general loss may rise.
  /// - Precondition: as many losses as ratios.
  ///
  /// Between two ratios the losses are taken as lines.
  public init(_ ratios: [Double], general: [Double], domain: [Double], tolerance: Double) {
    precondition(
      general.count == ratios.count && domain.count == ratios.count,
      "\(ratios.count) ratios, \(general.count) and \(domain.count) losses")
    func isBorne(_ index: Int) -> Bool { general[index] <= tolerance && (index == 0 || domain[index] < 0) }
    guard let last = ratios.indices.last(where: isBorne) else {
      (value, isBound) = (0, false)
      return
    }
    guard last + 1 < ratios.count else {
      (value, isBound) = (ratios[last], true)
      return
    }
    let (low, high) = (general[last], general[last + 1])
    // Where the general loss stays within bounds, it was the domain's that did not fall.
    let share = high > tolerance ? (tolerance - low) / (high - low) : 0
    (value, isBound) = (ratios[last] + share * (ratios[last + 1] - ratios[last]), false)
  }
}

extension CriticalRatio {
  /// What the laws say at a time.
  init(_ laws: MixtureCurves.Laws, at time: Double, tolerance: Double) {
    self.init(
      laws.ratios, general: laws.general.map { $0.value(at: time) }, domain: laws.domain.map { $0.value(at: time) },
      tolerance: tolerance)
  }
}
