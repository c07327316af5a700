package import Foundation

/// A folder that appears under its name only when everything in it is written.
package enum OutputFolder {
  /// Runs `body` with an empty folder beside, and renames it.
  /// - Throws: `GroveError` if the folder is there and not empty; whatever `body` throws. Then nothing is left behind.
  package static func write(_ folder: URL, _ body: (URL) throws -> Void) throws {
    if FileSystem.exists(folder) {
      guard FileSystem.isFolder(folder), try FileSystem.entries(of: folder).isEmpty else {
        throw GroveError(.file, folder.path, "is there already", remedy: "Name another folder, or remove this one.")
      }
    }
    let parent = folder.standardizedFileURL.deletingLastPathComponent()
    try FileSystem.makeFolder(parent)
    // One name, so that what a kill left behind goes with the next attempt.
    let aside = parent.appending(path: ".\(folder.lastPathComponent).partial")
    try FileSystem.remove(aside)
    try FileSystem.makeFolder(aside)
    do {
      try body(aside)
      try FileSystem.rename(aside, to: folder)
    } catch {
      try? FileSystem.remove(aside)
      throw error
    }
  }
}
