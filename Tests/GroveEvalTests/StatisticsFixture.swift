import Foundation
import GroveCore
import Testing

/// Values of scipy, made by Tests/Fixtures/statistics/make_statistics_fixtures.py.
struct StatisticsFixture {
  let root: JSONValue

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    root = try JSONValue(contentsOf: folder.appending(path: "Fixtures/statistics/statistics.json"))
  }

  /// Rows of arguments with scipy's value at the end.
  func rows(_ name: String) throws -> [[Double]] {
    let rows = try #require(root[name]?.arrayValue)
    return try rows.map { try $0.numbers }
  }
}

extension JSONValue {
  var numbers: [Double] {
    get throws { try #require(arrayValue).map { try #require($0.numberValue) } }
  }
}

/// Agreement to a share of the expected value, or to `within` itself near 0.
func isClose(_ a: Double, _ b: Double, within tolerance: Double = 1e-11) -> Bool {
  abs(a - b) <= tolerance * max(abs(b), 1e-3) || a == b
}

/// The whole message of the error that a call throws; nil if it throws none.
func message(_ call: () throws -> some Any) -> String? {
  do {
    _ = try call()
    return nil
  } catch { return "\(error)" }
}
