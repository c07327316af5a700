import Foundation
import GroveCore
import GroveReport

/// The page about a run, written beside its metrics.
public enum RunReport {
  /// Writes `report.html` from what the run's folder holds.
  public static func write(_ folder: RunFolder) throws {}
}
