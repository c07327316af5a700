import Foundation
import GroveCore

/// What one arm gave for one seed; it stands in the run's folder, so that the arm is not trained again.
public struct ArmRecord: Codable, Equatable, Sendable {
  /// Also the name of the arm's folder in `arms/`.
  public var arm: String
  /// From the run's first seed on; for the members of a committee, which of them it is.
  public var seed: Int
  /// Wall time of the arm.
  public var seconds: Double
  /// Numbers by name.
  public var figures: [String: Double]
  /// Lists by name: a value a bin, a document, a checkpoint.
  public var series: [String: [Double]]

  static let fileName = "arm.json"

  /// A figure that the recipe stored.
  /// - Throws: `GroveError` with code `.format` if it is not there.
  public func figure(_ name: String) throws -> Double {
    if let value = figures[name] { return value }
    throw missing(name)
  }

  /// A series that the recipe stored.
  /// - Throws: `GroveError` with code `.format` if it is not there.
  public func list(_ name: String) throws -> [Double] {
    if let values = series[name] { return values }
    throw missing(name)
  }

  private func missing(_ name: String) -> GroveError {
    GroveError(
      .format, "\(arm), seed \(seed)", "the record has no '\(name)'",
      remedy: "Remove the folder of the arm; it is then trained again.")
  }
}

/// What an arm's work gives back.
public struct ArmFigures: Sendable {
  /// Numbers by name, kept as the record's.
  public var figures: [String: Double]
  /// Lists by name, kept as the record's.
  public var series: [String: [Double]]

  public init(figures: [String: Double] = [:], series: [String: [Double]] = [:]) {
    self.figures = figures
    self.series = series
  }
}

/// The caller asked to stop. What is finished stays in the folder; the same command goes on from there.
public struct RecipeInterrupted: Error, CustomStringConvertible {
  public init() {}
  public var description: String { "stopped; the same command goes on" }
}
