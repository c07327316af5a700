import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into a question that long work asks between its steps. A second signal ends the process at once.
enum StopSignals {
  private static let count = Atomic<Int>(0)

  static func install() {
    // A parent that starts us from a thread with signals blocked, as a dispatch queue's are, passes its mask on.
    var stopping = sigset_t()
    sigemptyset(&stopping)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&stopping, number)
      signal(number) { number in
        if StopSignals.count.add(1, ordering: .relaxed).newValue > 1 { _exit(128 + number) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &stopping, nil)
  }

  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
