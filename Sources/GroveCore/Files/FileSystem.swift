public import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The few file operations that Grove needs beyond reading and writing, with errors that name the path.
public enum FileSystem {
  /// The whole file.
  public static func read(_ url: URL) throws -> Data {
    do { return try Data(contentsOf: url) } catch {
      throw fileError(url, "read", error)
    }
  }

  /// Replaces a file in one step: readers see the old content or the new, never a part.
  public static func write(_ bytes: some DataProtocol, to url: URL) throws {
    let writer = try FileWriter(url)
    try writer.write(Array(bytes))
    try writer.commit()
  }

  /// Replaces a file by the UTF-8 bytes of a text, in one step.
  public static func write(_ text: String, to url: URL) throws { try write(Array(text.utf8), to: url) }

  /// Makes a folder and those above it; one that is there is no error.
  public static func makeFolder(_ url: URL) throws {
    do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
      throw fileError(url, "create the folder", error)
    }
  }

  /// Whether there is a file or folder; a link counts as what it points to.
  public static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  /// Whether a path is a folder, or a link to one.
  public static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Entries of a folder by name, sorted by their bytes so that every machine sees the same order.
  public static func entries(of url: URL) throws -> [URL] {
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { url.appending(path: $0) }
    } catch {
      throw fileError(url, "list the folder", error)
    }
  }

  /// Removes a file or a folder with all that is in it; a missing one is no error.
  public static func remove(_ url: URL) throws {
    var status = stat()
    if lstat(url.path, &status) != 0, errno == ENOENT { return }  // a link that leads nowhere is there
    do { try FileManager.default.removeItem(at: url) } catch { throw fileError(url, "remove", error) }
  }

  /// Renames a file or folder in one step, and syncs the folder that it ends up in.
  public static func rename(_ source: URL, to target: URL) throws {
    if Foundation.rename(source.path, target.path) != 0 {
      throw GroveError.system(source.path, "rename to \(target.lastPathComponent)", errno: errno)
    }
    try syncFolder(target.deletingLastPathComponent())
  }

  /// Makes a rename in this folder survive a power cut.
  public static func syncFolder(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw GroveError.system(url.path, "open", errno: errno) }
    defer { _ = close(descriptor) }
    // Some file systems refuse to sync a folder (EINVAL); then there is nothing more to do.
    if fsync(descriptor) != 0 && errno != EINVAL { throw GroveError.system(url.path, "sync", errno: errno) }
  }

  /// When the content of a file was last written, in nanoseconds since 1970.
  public static func modified(_ url: URL) throws -> Int {
    var status = stat()
    if stat(url.path, &status) != 0 { throw GroveError.system(url.path, "read", errno: errno) }
    #if canImport(Glibc)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }

  /// Bytes that a file holds.
  public static func byteCount(of url: URL) throws -> Int {
    var status = stat()
    if stat(url.path, &status) != 0 { throw GroveError.system(url.path, "read", errno: errno) }
    return Int(status.st_size)
  }

  private static func fileError(_ url: URL, _ action: String, _ error: any Error) -> GroveError {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    if let underlying, underlying.domain == NSPOSIXErrorDomain {
      return GroveError.system(url.path, action, errno: Int32(underlying.code))
    }
    if (error as NSError).domain == NSCocoaErrorDomain {
      switch (error as NSError).code {
      case NSFileNoSuchFileError, NSFileReadNoSuchFileError:
        return GroveError.system(url.path, action, errno: ENOENT)
      case NSFileWriteFileExistsError: return GroveError.system(url.path, action, errno: EEXIST)
      default: break
      }
    }
    return GroveError(.file, url.path, "cannot \(action): \(error.localizedDescription)", cause: error)
  }
}
