import GroveCore

/// The two sides of a corpus: what a model learns from and what it is measured on.
public enum Split: String, CaseIterable, Codable, Comparable, Sendable {
  case train, validation

  /// By name, so that training comes before validation.
  public static func < (a: Split, b: Split) -> Bool { a.rawValue < b.rawValue }
}

/// Which side a document falls on: a function of its id and the seed alone.
///
/// A document draws one uniform number from `RandomKey(seed).split("validation").split(id)` and is held out when the
/// number is below the share. So it stays on its side when documents come or go, when files are cut otherwise, and
/// a larger share only ever moves documents from training to validation.
public struct SplitRule: Equatable, Sendable {
  /// Share of the documents that are held out, in [0, 1).
  public let validationShare: Double
  /// Two rules with different seeds hold out different documents.
  public let seed: UInt64
  private let key: RandomKey

  /// - Throws: `GroveError` with code `.argument` if the share is outside [0, 1).
  public init(validationShare: Double, seed: UInt64) throws {
    guard validationShare >= 0, validationShare < 1 else {
      throw GroveError(.argument, "validationShare", "\(validationShare) is outside [0, 1)")
    }
    self.validationShare = validationShare
    self.seed = seed
    key = RandomKey(seed: seed).split("validation")
  }

  /// The side of the document with this id.
  public func split(of id: String) -> Split {
    key.split(id).uniform(0) < validationShare ? .validation : .train
  }
}
