import Foundation
import GroveCore
import GroveTrain

/// One way to go on from the base, or what it is compared with.
struct RewarmArm: Sendable {
  let name: String
  var isFromScratch = false
  /// Goes on with the text of the base.
  var staysUpstream = false
  /// In units of the config's steps.
  var length = 1
  /// Nil keeps to the floor at every step.
  var warmupShare: Double?
  var peak = 1.0

  static let base = "base"
  static let rewarmed = "rewarmed"
  static let constant = "constant"
  static let sameText = "same-text"
  static let scratch = "scratch"

  /// "warmup-0.5" for half a per cent; the one of the config is `rewarmed` itself.
  static func warmup(_ share: Double, _ config: RewarmConfig) -> String {
    share == config.pretraining.warmupShare ? rewarmed : "warmup-" + String(format: "%g", 100 * share)
  }

  /// "peak-2" for twice the base's; 1 is `rewarmed` itself.
  static func peak(_ peak: Double) -> String { peak == 1 ? rewarmed : "peak-" + String(format: "%g", peak) }

  static func rewarmed(length: Int) -> String { length == 1 ? rewarmed : "\(rewarmed)-\(length)x" }

  static func scratch(length: Int) -> String { length == 1 ? scratch : "\(scratch)-\(length)x" }

  /// All but the base; the longest first, since they take longest.
  static func all(_ config: RewarmConfig) -> [RewarmArm] {
    let share = config.pretraining.warmupShare
    var arms = config.lengths.sorted(by: >).flatMap { length in
      [
        RewarmArm(name: rewarmed(length: length), length: length, warmupShare: share),
        RewarmArm(name: scratch(length: length), isFromScratch: true, length: length, warmupShare: share),
      ]
    }
    arms += config.warmupShares.filter { $0 != share }.map { RewarmArm(name: warmup($0, config), warmupShare: $0) }
    arms += config.peaks.filter { $0 != 1 }.map { RewarmArm(name: peak($0), warmupShare: share, peak: $0) }
    return arms + [
      RewarmArm(name: constant, peak: config.pretraining.floorShare),
      RewarmArm(name: sameText, staysUpstream: true, warmupShare: share),
    ]
  }

  /// The run of a seed.
  /// - Parameter base: the last checkpoint of the seed's base.
  func run(_ config: RewarmConfig, seed: Int, base: URL) -> StreamRun {
    let steps = length * config.pretraining.steps
    return StreamRun(
      name: name, seed: seed, start: isFromScratch ? nil : base,
      shares: [staysUpstream ? config.upstream : config.downstream: 1], judges: [config.upstream, config.downstream],
      steps: steps, peak: peak, warmupSteps: warmupShare.map { Int(($0 * Double(steps)).rounded(.up)) })
  }

  /// The base: a whole schedule, down to its floor, on the first text.
  static func base(_ config: RewarmConfig, seed: Int) -> StreamRun {
    let steps = config.pretraining.baseSteps
    return StreamRun(
      name: base, seed: seed, start: nil, shares: [config.upstream: 1], judges: [config.upstream, config.downstream],
      steps: steps, peak: 1, warmupSteps: max(1, steps / 100))
  }
}
