public import Foundation
public import GroveCore

extension DomainSummary {
  /// The name of the file in the folder of a clusterer.
  public static let fileName = "domains.json"

  /// Reads what `grove domains find` wrote beside a clusterer.
  public init(contentsOf folder: URL) throws {
    let url = folder.appending(path: DomainSummary.fileName)
    do { self = try JSONDecoder().decode(DomainSummary.self, from: FileSystem.read(url)) } catch let error
      as DecodingError
    {
      throw GroveError(
        .format, url.path, "is not a summary of domains", remedy: "Make it again with 'grove domains find'.",
        cause: error)
    }
  }

  /// The text of the file.
  public func json() throws -> JSONValue { try JSONValue(parsing: encoded(), at: DomainSummary.fileName) }

  /// Writes the file in one step.
  func write(to folder: URL) throws {
    try FileSystem.write(encoded() + Data("\n".utf8), to: folder.appending(path: DomainSummary.fileName))
  }

  private func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
