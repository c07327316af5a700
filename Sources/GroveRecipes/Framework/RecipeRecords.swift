import Foundation
import GroveCore

/// How a recipe's records stand in their files: JSON in which a number that is not finite is "nan", "inf" or "-inf".
enum RecipeRecords {
  /// - Precondition: the value has nothing that JSON cannot hold.
  static func encoded(_ value: some Encodable, pretty: Bool) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  /// - Throws: `GroveError` with code `.file` if the file cannot be read, `.format` if it is no such record.
  static func arm(at file: URL) throws -> ArmRecord {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return try decoder.decode(ArmRecord.self, from: FileSystem.read(file)) } catch let error as DecodingError {
      throw GroveError(
        .format, file.path, "is not the record of an arm", remedy: "Remove it; the arm is then trained again.",
        cause: error)
    }
  }

  /// The records of all arms below a folder, by name and seed; what is no record is passed over.
  static func arms(in folder: URL) throws -> [ArmRecord] {
    guard FileSystem.isFolder(folder) else { return [] }
    return try FileSystem.entries(of: folder).filter(FileSystem.isFolder).flatMap { try FileSystem.entries(of: $0) }
      .map { $0.appending(path: ArmRecord.fileName) }.filter(FileSystem.exists).map(arm)
      .sorted { ($0.arm, $0.seed) < ($1.arm, $1.seed) }
  }
}
