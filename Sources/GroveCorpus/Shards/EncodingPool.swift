import Dispatch
import Foundation
import GroveCore

/// Encodes documents on several threads. The ids do not depend on their number: every document is encoded by itself.
final class EncodingPool {
  private let encoders: [ShardBuilder.Encode]
  private let endOfText: UInt32

  init(workers: Int, endOfText: Int, _ makeEncoder: () throws -> ShardBuilder.Encode) rethrows {
    encoders = try (0..<workers).map { _ in try makeEncoder() }
    self.endOfText = UInt32(endOfText)
  }

  /// The ids of every document with the end of text appended, in the order of the documents.
  /// - Throws: the error of the first document, in their order, that cannot be encoded.
  func encode(_ documents: [Document]) throws -> [[UInt32]] {
    var results = [Result<[UInt32], any Error>?](repeating: nil, count: documents.count)
    let queue = IndexQueue(count: documents.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Safety: the queue gives every index to one worker, and every worker has its own encoder.
      nonisolated(unsafe) let slots = buffer
      nonisolated(unsafe) let encoders = encoders
      let endOfText = endOfText
      DispatchQueue.concurrentPerform(iterations: encoders.count) { worker in
        while let index = queue.next() {
          slots[index] = Result {
            var ids: [UInt32] = []
            try documents[index].text.withUnsafeBufferPointer { try encoders[worker]($0, &ids) }
            ids.append(endOfText)
            return ids
          }
        }
      }
    }
    return try results.map { result in
      guard let result else { preconditionFailure("a document was left out of \(documents.count)") }
      return try result.get()
    }
  }
}
