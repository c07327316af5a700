import Foundation
import GroveCore

extension ForestFolder {
  /// What becomes of the files of an expert that is removed.
  public enum Files: Sendable {
    /// They stay, and the expert can be taken back.
    case keep
    case delete
  }

  /// Takes experts out of use. The manifest alone changes, so that what the others are stays as it is.
  /// - Returns: the manifest afterwards.
  /// - Throws: `GroveError` if one of them is not there; nothing is removed then.
  @discardableResult
  public func remove(_ names: [String], files: Files) throws -> ForestManifest {
    try change { manifest in
      let experts = try names.map { try manifest.expert($0, in: self) }
      manifest.experts.removeAll { names.contains($0.name) }
      manifest.removed.removeAll { names.contains($0.name) }
      if files == .keep { manifest.removed += experts }
    } afterwards: {
      if files == .keep { return }
      for name in names {
        for place in [run(ForestFolder.expertPath(name)).url, start(name), beginning(name)] {
          try FileSystem.remove(place)
        }
      }
    }
  }

  /// Takes experts that were removed back into use, if their checkpoints are whole.
  /// - Returns: the manifest afterwards.
  /// - Throws: `GroveError` if one of them was not removed, or its files are not what they were.
  @discardableResult
  public func restore(_ names: [String]) throws -> ForestManifest {
    try change { manifest in
      for name in names {
        guard let expert = manifest.removed.first(where: { $0.name == name }) else {
          throw GroveError(
            .argument, url.path, "no expert '\(name)' was removed",
            remedy: manifest.removed.isEmpty
              ? "" : "There are: \(manifest.removed.map(\.name).joined(separator: ", ")).")
        }
        try expert.verify(in: self)
        manifest.insert(expert)
      }
    }
  }

  private func change(
    _ change: (inout ForestManifest) throws -> Void, afterwards: () throws -> Void = {}
  ) throws -> ForestManifest {
    _ = try ForestManifest(self)  // no lock is left where no forest is
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    var manifest = try ForestManifest(self)
    try change(&manifest)
    try manifest.write(to: self)
    try afterwards()
    return manifest
  }
}
