public import Foundation
import GroveCore

/// Features of languages, or of anything that has a name and numbers; some may be unknown.
public struct FeatureTable: Equatable, Sendable {
  /// The columns.
  public let features: [String]
  /// The rows, each once.
  public let names: [String]
  /// By row and column; nil for what is not known.
  public let values: [[Double?]]

  /// Syntax of 30 languages, by ISO 639-1 code: URIEL's set syntax_average (Littell et al. 2017), under CC BY-SA 4.0.
  public static let syntax: FeatureTable = {
    let rows = languageFeatureRows.split(separator: "\n").map { $0.split(separator: " ") }
    return FeatureTable(
      features: languageFeatureNames.split { $0 == " " || $0 == "\n" }.map(String.init),
      names: rows.map { String($0[0]) }, values: rows.map { $0[1].map { $0.wholeNumberValue.map { Double($0) / 6 } } })
  }()

  private init(features: [String], names: [String], values: [[Double?]]) {
    self.features = features
    self.names = names
    self.values = values
  }

  /// Reads a CSV file: a row of headings, the first of which names the rows' names, then a row for each language. An
  /// empty cell is an unknown value. Cells have no quotes.
  /// - Throws: `GroveError` that names the line.
  public init(csv url: URL) throws {
    guard let text = String(validating: try FileSystem.read(url), as: UTF8.self) else {
      throw GroveError(.format, url.path, "is not UTF-8")
    }
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    func cells(_ line: Substring) -> [String] {
      line.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let head = lines.first.map { cells($0) } ?? []
    guard head.count > 1 else {
      throw GroveError(.format, "\(url.path):1", "has no features", remedy: "Begin with a row: name,feature,feature…")
    }
    var names: [String] = []
    var values: [[Double?]] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.allSatisfy(\.isWhitespace) {
      let row = cells(line)
      func wrong(_ problem: String) -> GroveError { GroveError(.format, "\(url.path):\(index + 1)", problem) }
      guard row.count == head.count else { throw wrong("has \(row.count) cells, the headings are \(head.count)") }
      guard !row[0].isEmpty, !names.contains(row[0]) else { throw wrong("the name '\(row[0])' is empty or not new") }
      names.append(row[0])
      values.append(
        try row.dropFirst().map { cell in
          if cell.isEmpty { return nil }
          guard let value = Double(cell), value.isFinite else { throw wrong("'\(cell)' is not a number") }
          return value
        })
    }
    self.init(features: Array(head.dropFirst()), names: names, values: values)
  }

  /// 1 − cosine over the features that are known of both; 1 where they share none, or one of them is zero there.
  ///
  /// Unknown features must not count as zero: languages that are little known would all be alike.
  func distance(_ a: Int, _ b: Int) -> Double {
    var (product, first, second) = (0.0, 0.0, 0.0)
    for case (let x?, let y?) in zip(values[a], values[b]) {
      product += x * y
      first += x * x
      second += y * y
    }
    return first > 0 && second > 0 ? max(0, 1 - product / (first * second).squareRoot()) : 1
  }
}
