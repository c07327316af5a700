import Foundation
import GroveCorpus

/// A size, and what its base goes on with.
struct CriticalMixtureArm: Sendable {
  let size: ModelSize
  /// The new domain; nil goes on with the general text alone.
  let domain: String?
  /// Its share of what is read.
  let ratio: Double

  static func base(_ size: ModelSize) -> String { "\(size.name)-base" }

  static func name(_ size: ModelSize, _ domain: String, _ ratio: Double) -> String {
    ratio == 0 ? "\(size.name)-general" : "\(size.name)-\(domain)-" + String(format: "%g", ratio)
  }

  var name: String { CriticalMixtureArm.name(size, domain ?? "", ratio) }

  /// All but the bases, the largest size first, since it takes longest.
  static func all(_ config: CriticalMixtureConfig) -> [CriticalMixtureArm] {
    config.sizes.reversed().flatMap { size in
      [CriticalMixtureArm(size: size, domain: nil, ratio: 0)]
        + config.domains.flatMap { domain in
          config.ratios.map { CriticalMixtureArm(size: size, domain: domain, ratio: $0) }
        }
    }
  }

  /// The texts that a run of the arm reads, and their shares.
  func shares(_ config: CriticalMixtureConfig) -> [String: Double] {
    domain.map { [config.general: 1 - ratio, $0: ratio] } ?? [config.general: 1]
  }

  /// The run of a seed: the base goes on with its moments and its rate, so that nothing but the text changes.
  /// - Parameter base: the last checkpoint of the seed's base.
  func run(_ config: CriticalMixtureConfig, seed: Int, base: URL) -> StreamRun {
    StreamRun(
      name: name, seed: seed, start: base, shares: shares(config),
      judges: [config.general] + (domain.map { [$0] } ?? config.domains), steps: 2 * config.pretraining.steps, peak: 1,
      warmupSteps: nil, moments: .kept)
  }

  /// The base: warmed up, then a constant rate on the general text.
  static func base(_ size: ModelSize, _ config: CriticalMixtureConfig, seed: Int) -> StreamRun {
    let steps = config.pretraining.baseSteps
    return StreamRun(
      name: base(size), seed: seed, start: nil, shares: [config.general: 1], judges: [config.general] + config.domains,
      steps: steps, peak: 1, warmupSteps: max(1, steps / 20), decays: false)
  }

  /// The share of the sequences of a run that were of the new domain, counted in the order that it read them in.
  func readShare(_ config: CriticalMixtureConfig, seed: Int, shards: URL) throws -> Double {
    guard let domain else { return 0 }
    let settings = config.settings(size)
    let shares = shares(config)
    let dataset = try TokenDataset(
      folder: shards, split: .train, domains: .only(shares.keys.sorted()), contextLength: settings.contextLength)
    let order = try dataset.order(seed: UInt64(seed), mixing: .weighted(shares))
    let samples = order.sequences(samples: 0..<2 * settings.steps * settings.batchSize)
    return Double(samples.count { order.domains[$0.domain].name == domain }) / Double(samples.count)
  }
}
