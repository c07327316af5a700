public import Foundation
import GroveCore

/// One file of a corpus that Grove can read.
public struct SourceFile: Equatable, Sendable {
  /// How documents stand in a file.
  public enum Format: Sendable {
    /// One JSON object a line (`.jsonl`).
    case jsonLines
    /// The whole file is one document (`.txt`).
    case plainText
  }

  /// How the bytes are packed.
  public enum Compression: String, Sendable {
    case none
    /// RFC 1952, one or many members (`.gz`).
    case gzip
    /// RFC 8878, one or many frames (`.zst`).
    case zstandard
  }

  /// Where the file is.
  public let url: URL
  /// The path relative to the folder that was given, or the last component of a file that was given.
  public let name: String
  /// How documents stand in it.
  public let format: Format
  /// How it is packed.
  public let compression: Compression

  /// Nil if the ending of the name is none of `.jsonl`, `.txt`, alone or followed by `.gz` or `.zst`.
  public init?(_ url: URL, name: String) {
    var endings = name.split(separator: "/").last.map { $0.split(separator: ".").dropFirst().map(String.init) } ?? []
    switch endings.last {
    case "gz": compression = .gzip
    case "zst": compression = .zstandard
    default: compression = .none
    }
    if compression != .none { endings.removeLast() }
    switch endings.last {
    case "jsonl": format = .jsonLines
    case "txt": format = .plainText
    default: return nil
    }
    self.url = url
    self.name = name
  }

  /// The last component of the name without the endings that say how to read it: "web" for "en/web.jsonl.zst".
  public var stem: String {
    let last = name.split(separator: "/").last.map(String.init) ?? name
    let endings = (compression == .none ? 1 : 2)
    return last.split(separator: ".", omittingEmptySubsequences: false).dropLast(endings).joined(separator: ".")
  }
}

/// The files of a corpus in the order in which they are read: by the bytes of their names.
public struct CorpusFiles: Equatable, Sendable {
  /// What is read.
  public let files: [SourceFile]
  /// Files in the folders whose ending is none of ours.
  public let ignored: Int

  /// Collects files and folders (with all that is below them).
  /// - Throws: `GroveError` if a path is missing, a file has another ending, a folder contains itself through a link,
  ///   or two files would have the same name.
  public init(_ paths: [URL]) throws {
    var collector = Collector()
    for path in paths {
      if FileSystem.isFolder(path) {
        try collector.walk(path, prefix: "", ancestors: [])
      } else {
        guard FileSystem.exists(path) else { throw GroveError.system(path.path, "open", errno: ENOENT) }
        guard let file = SourceFile(path, name: path.lastPathComponent) else {
          throw GroveError(
            .format, path.path, "the ending is not one that holds documents",
            remedy: "Use .jsonl or .txt, alone or followed by .gz or .zst.")
        }
        collector.files.append(file)
      }
    }
    files = collector.files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    ignored = collector.ignored
    for (file, next) in zip(files, files.dropFirst()) where file.name == next.name {
      throw GroveError(
        .argument, next.url.path, "has the same name in the corpus as \(file.url.path)",
        remedy: "Give the folder above both, or rename one: documents are told apart by these names.")
    }
  }

  private struct Collector {
    var files: [SourceFile] = []
    var ignored = 0

    mutating func walk(_ folder: URL, prefix: String, ancestors: Set<String>) throws {
      let real = folder.resolvingSymlinksInPath().path
      guard !ancestors.contains(real) else {
        throw GroveError(.file, folder.path, "the folder contains itself through a link", remedy: "Remove the link.")
      }
      for entry in try FileSystem.entries(of: folder) {
        let name = prefix + entry.lastPathComponent
        if FileSystem.isFolder(entry) {
          try walk(entry, prefix: name + "/", ancestors: ancestors.union([real]))
        } else if let file = SourceFile(entry, name: name) {
          files.append(file)
        } else {
          ignored += 1
        }
      }
    }
  }
}
