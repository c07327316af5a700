public import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a second process out of a folder. The system gives the lock back when the process ends, however it ends.
public final class FolderLock {
  private let descriptor: Int32

  /// Takes the lock, a file `.lock` in the folder.
  /// - Parameter work: what a process that holds the folder is doing: "training this run".
  /// - Throws: `GroveError` if another process holds the folder.
  public init(_ folder: URL, whoHoldsItIs work: String) throws {
    let file = folder.appending(path: ".lock")
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw GroveError.system(file.path, "create", errno: errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      _ = close(descriptor)
      throw GroveError(
        .file, folder.path, "another process is \(work)", remedy: "Wait for it, or stop it.")
    }
  }

  deinit { _ = close(descriptor) }
}
