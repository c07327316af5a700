import GroveCore
import GroveTesting
import Testing

@Suite("Locks of folders")
struct FolderLockTests {
  @Test("A patient caller waits for the lock; one whose patience ends is refused with the words that it gave")
  func patience() throws {
    try Fixtures.withTemporaryFolder { folder in
      var first: FolderLock? = try FolderLock(folder, problem: "is taken", remedy: "Wait.")
      var questions = 0
      do {
        _ = try FolderLock(folder, problem: "is taken", remedy: "Wait.") {
          questions += 1
          return questions < 2
        }
        Issue.record("the lock was given twice")
      } catch { #expect("\(error)" == "\(folder.path): is taken. Wait.") }
      #expect(questions == 2)
      withExtendedLifetime(first) {}
      let second = try FolderLock(folder, problem: "is taken", remedy: "Wait.") {
        first = nil
        return true
      }
      #expect(throws: (any Error).self) { try FolderLock(folder, problem: "is taken", remedy: "Wait.") }
      withExtendedLifetime(second) {}
    }
  }
}
