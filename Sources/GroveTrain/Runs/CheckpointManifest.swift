public import Foundation
import GroveCore

/// The `manifest.json` of a checkpoint: the size and SHA-256 of every file, so that a damaged one is never taken for whole.
public struct CheckpointManifest: Codable, Equatable, Sendable {
  /// One file of a checkpoint.
  public struct File: Codable, Equatable, Sendable {
    /// Within the checkpoint's folder; no path.
    public var name: String
    public var bytes: Int
    /// 64 lower-case hexadecimal digits.
    public var sha256: String
  }

  /// Steps done when the checkpoint was saved.
  public var step: Int
  /// All files but the manifest, by name.
  public var files: [File]

  static let fileName = "manifest.json"

  /// Describes the files of a folder.
  init(step: Int, describing folder: URL) throws {
    self.step = step
    files = try FileSystem.entries(of: folder).filter { $0.lastPathComponent != CheckpointManifest.fileName }.map {
      File(name: $0.lastPathComponent, bytes: try FileSystem.byteCount(of: $0), sha256: try ContentHash.ofFile($0))
    }
  }

  /// Reads the manifest of a checkpoint.
  public init(folder: URL) throws {
    let url = folder.appending(path: CheckpointManifest.fileName)
    do { self = try JSONDecoder().decode(CheckpointManifest.self, from: FileSystem.read(url)) } catch let error
      as DecodingError
    {
      throw GroveError(.format, url.path, "is not the manifest of a checkpoint", cause: error)
    }
  }

  func write(to folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileSystem.write(encoder.encode(self), to: folder.appending(path: CheckpointManifest.fileName))
  }

  /// Recomputes size and hash of every file.
  /// - Throws: `GroveError` that names the first file that is missing, truncated or altered.
  public func verify(folder: URL) throws {
    for file in files {
      guard !file.name.contains("/"), file.name != ".." else {
        throw GroveError(
          .format, folder.path, "the manifest names \"\(file.name)\", which is not a file of this folder")
      }
      let url = folder.appending(path: file.name)
      guard FileSystem.exists(url) else { throw GroveError(.mismatch, url.path, "is missing from the checkpoint") }
      let bytes = try FileSystem.byteCount(of: url)
      guard bytes == file.bytes else {
        throw GroveError(.mismatch, url.path, "has \(bytes) bytes, the manifest says \(file.bytes)")
      }
      guard try ContentHash.ofFile(url) == file.sha256 else {
        throw GroveError(.mismatch, url.path, "was altered: its SHA-256 is not the manifest's")
      }
    }
  }
}
