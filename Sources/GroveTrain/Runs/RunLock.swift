import Foundation
import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a second process out of a run's folder. The system gives the lock back when the process ends, however it ends.
final class RunLock {
  private let descriptor: Int32

  /// - Throws: `GroveError` if another process holds the run.
  init(_ folder: RunFolder) throws {
    let file = folder.url.appending(path: ".lock")
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw GroveError.system(file.path, "create", errno: errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      _ = close(descriptor)
      throw GroveError(
        .file, folder.url.path, "another process is training this run", remedy: "Wait for it, or stop it.")
    }
  }

  deinit { _ = close(descriptor) }
}
