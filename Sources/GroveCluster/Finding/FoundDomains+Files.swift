public import Foundation
import GroveCore

extension FoundDomains {
  /// Refuses a folder that holds something: worth a call before a long search.
  public static func requireFree(_ folder: URL) throws { try WholeFolder.requireFree(folder) }

  /// Writes the clusterer, `domains.json` and `report.html` into a folder that is not there yet or empty: everything is
  /// written aside, and the folder gets its name when it is whole.
  /// - Throws: `GroveError` if the folder holds something, or cannot be written.
  public func write(to folder: URL) throws {
    try WholeFolder.write(folder) { staging in
      try clusterer.write(to: staging)
      try summary.write(to: staging)
      try embedding?.write(to: staging)
      try report().write(to: staging.appending(path: "report.html"))
    }
  }
}

/// A folder that appears under its name when it is whole.
enum WholeFolder {
  /// - Parameter fill: writes the files into the folder aside.
  static func write(_ folder: URL, _ fill: (URL) throws -> Void) throws {
    try requireFree(folder)
    let staging = folder.deletingLastPathComponent().appending(path: folder.lastPathComponent + ".partial")
    try FileSystem.remove(staging)
    try FileSystem.makeFolder(staging)
    try fill(staging)
    try FileSystem.remove(folder)  // it is empty, or not there
    try FileSystem.rename(staging, to: folder)
  }

  /// Refuses a place where something stands.
  static func requireFree(_ folder: URL) throws {
    guard FileSystem.exists(folder) else { return }
    guard FileSystem.isFolder(folder), try FileSystem.entries(of: folder).isEmpty else {
      throw GroveError(.file, folder.path, "is there already", remedy: "Remove it, or name another folder.")
    }
  }
}
