import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into a question that long work asks between its steps. A second signal ends the process at once.
enum StopSignals {
  private static let count = Atomic<Int>(0)

  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if StopSignals.count.add(1, ordering: .relaxed).newValue > 1 { _exit(128 + number) }
      }
    }
  }

  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
