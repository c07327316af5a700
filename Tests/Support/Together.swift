import Foundation
public import GroveTensor
import Synchronization

/// Processes that train together, each played by a thread of this one: what a law about them needs, without their start.
public enum Together {
  private final class Results<Value: Sendable>: Sendable {
    let values: Mutex<[Result<Value, any Error>?]>
    init(_ count: Int) { values = Mutex(Array(repeating: nil, count: count)) }
  }

  /// Runs `body` in each of `size` processes at once.
  /// - Parameter ranks: what the processes take themselves for; 0..<size if not given.
  /// - Returns: what came of each.
  public static func run<Value: Sendable>(
    _ size: Int, ranks: [Int]? = nil, joinTimeout: Duration = .seconds(60),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
  ) throws -> [Result<Value, any Error>] {
    let ranks = ranks ?? Array(0..<size)
    let port = try ProcessPlace.freePort()
    let results = Results<Value>(ranks.count)
    let done = DispatchSemaphore(value: 0)
    for (index, rank) in ranks.enumerated() {
      let thread = Thread {
        let place = ProcessPlace(
          rank: rank, size: size, localRank: rank, localSize: size, host: "127.0.0.1", port: port)
        let result = Result { try ProcessGroup.with(place, joinTimeout: joinTimeout, body) }
        results.values.withLock { $0[index] = result }
        done.signal()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in ranks { done.wait() }
    return results.values.withLock { $0.compactMap { $0 } }
  }
}
