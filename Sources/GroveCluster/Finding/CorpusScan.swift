import Dispatch
import GroveCore
import GroveCorpus

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Goes through a corpus once: while threads work on the documents of a batch, one reads the next.
struct CorpusScan {
  /// Threads that work on documents.
  let workers: Int

  static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// - Parameters:
  ///   - isWanted: called on the reading thread for each document in order; the others are left out.
  ///   - work: called from several threads, once for each document, with the number of the thread.
  ///   - finish: called after each batch, with its documents, on the calling thread.
  func run(
    _ reader: DocumentReader, where isWanted: (Document) -> Bool,
    work: @Sendable (_ worker: Int, _ index: Int, _ document: Document) -> Void,
    finish: ([Document]) throws -> Void
  ) throws {
    var batch = try reader.nextBatch().filter(isWanted)
    var isAtEnd = false
    while !batch.isEmpty || !isAtEnd {
      var next: Result<(documents: [Document], isLast: Bool), any Error> = .success(([], true))
      withoutActuallyEscaping(isWanted) { isWanted in
        withUnsafeMutablePointer(to: &next) { slot in
          // Safety: one iteration alone touches the reader, the filter and the slot.
          nonisolated(unsafe) let (reader, isWanted, slot) = (reader, isWanted, slot)
          let documents = batch
          let queue = IndexQueue(count: documents.count)
          DispatchQueue.concurrentPerform(iterations: workers + 1) { iteration in
            if iteration == 0 {
              slot.pointee = Result {
                let read = try reader.nextBatch()
                return (read.filter(isWanted), read.isEmpty)
              }
            } else {
              while let index = queue.next() { work(iteration - 1, index, documents[index]) }
            }
          }
        }
      }
      try finish(batch)
      (batch, isAtEnd) = try next.get()
    }
  }
}
