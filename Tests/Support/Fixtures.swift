public import Foundation

/// Files that the tests read, found from the place of this file in the package.
public enum Fixtures {
  /// The package's folder.
  public static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A path below `Tests/Fixtures`.
  public static func url(_ path: String) -> URL { package.appending(path: "Tests/Fixtures").appending(path: path) }

  /// The demo corpus.
  public static let demoCorpus = package.appending(path: "Examples/demo")

  /// Runs `body` with a new empty folder, which is removed afterwards.
  public static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
