import Foundation

/// The files of this repository, as the house rules read them.
enum ProjectFiles {
  /// The folder that holds the licence and the sources, found upwards from this file.
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      let marks = ["LICENSE", "Sources"].map { folder.appending(path: $0).path }
      if marks.allSatisfy({ FileManager.default.fileExists(atPath: $0) }) { return folder }
      folder.deleteLastPathComponent()
    }
    preconditionFailure("\(#filePath) is not inside the project")
  }()

  /// Text files under the folders, and the files named, whose name ends in one of the suffixes; sorted by path.
  static func texts(in places: [String], suffixes: [String]) throws -> [TextFile] {
    var paths: [String] = []
    for place in places {
      let start = root.appending(path: place)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: start.path, isDirectory: &isFolder) else { continue }
      if isFolder.boolValue {
        let below = FileManager.default.enumerator(atPath: start.path)?.compactMap { $0 as? String } ?? []
        paths += below.filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }.map { "\(place)/\($0)" }
      } else {
        paths.append(place)
      }
    }
    return try paths.filter { path in suffixes.contains { path.hasSuffix($0) } }.sorted().map {
      TextFile(path: $0, text: try String(contentsOf: root.appending(path: $0), encoding: .utf8))
    }
  }

  /// Swift files of the libraries and the command line tool.
  static func sources() throws -> [TextFile] { try texts(in: ["Sources"], suffixes: [".swift"]) }

  /// All Swift files, with tests and the manifest.
  static func swift() throws -> [TextFile] {
    try texts(in: ["Sources", "Tests", "Benchmarks", "Package.swift"], suffixes: [".swift"])
  }

  /// All documents.
  static func documents() throws -> [TextFile] {
    let places = ["README.md", "CONTRIBUTING.md", "Docs", "Examples", "Benchmarks", "Sources", "Tests"]
    return try texts(in: places, suffixes: [".md"])
  }
}
