import Foundation
import GroveCore
import Testing

/// A folder that goes with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "grove-core-\(UUID().uuidString)")
    try FileSystem.makeFolder(url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// The whole message of the error that a call throws; nil if it throws none.
func message(_ call: () throws -> some Any) -> String? {
  do {
    _ = try call()
    return nil
  } catch { return "\(error)" }
}
