public import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a second process out of a folder while this is held. The system gives the lock back when the process ends,
/// however it ends.
public final class FolderLock {
  private let descriptor: Int32

  /// - Parameters:
  ///   - problem: what is so while another process holds the lock: "another process is training this run".
  ///   - remedy: what one can do about that.
  ///   - isPatient: asked before each look at the lock after the first, ten times a second: whether to go on waiting.
  /// - Throws: `GroveError` with these words, or if the folder cannot be written.
  public init(_ folder: URL, problem: String, remedy: String, isPatient: () -> Bool = { false }) throws {
    let file = folder.appending(path: ".lock")
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw GroveError.system(file.path, "create", errno: errno) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if isPatient() {
        usleep(100_000)
        continue
      }
      _ = close(descriptor)
      throw GroveError(.file, folder.path, problem, remedy: remedy)
    }
  }

  deinit { _ = close(descriptor) }
}
