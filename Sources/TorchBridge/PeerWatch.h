// Notices that a process of the group is lost, and tells its number to those that wait for it.
#pragma once
#include <ATen/core/ivalue.h>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "CTorch.h"

namespace grove {

/// Each process counts up a key in the store of process 0 and reads those of the others, twice a second. A collective
/// alone would not do: it does not say which process broke it, and behind a dead network it waits for ever.
class PeerWatch : public std::enable_shared_from_this<PeerWatch> {
 public:
  /// Waits until all processes have come.
  PeerWatch(const GroveProcessPlace &place, c10d::TCPStore &store);
  void start();
  /// Ends the watch, once no process waits for another any more.
  void leave();

  /// Until the future is complete; throws `PeerError` if a process is lost or gave up.
  void wait(const c10::intrusive_ptr<c10::ivalue::Future> &future);
  /// Tells the others, and waits a moment until they have read it.
  void abandon(const std::string &reason);

 private:
  struct Peer {
    std::string beat;      // what its key held in the last round
    int silentRounds = 0;  // rounds, not seconds: a machine that slept must not blame the others
    std::string who;       // "process 1 (pid 4242 on alpha)"
  };

  /// How this process came to know that all is over.
  enum class Cause { gaveUp, foundLost, wasTold, storeLost };

  void run();
  void beat();
  void fail(const std::string &message, Cause cause);
  void linger(const char *key, int count);
  [[noreturn]] void explain(const std::string &symptom);
  std::vector<std::string> keys(const char *kind) const;
  std::string key(const char *kind, int rank) const { return std::string(kind) + "/" + std::to_string(rank); }

  const int rank, size;
  const int silenceRounds;
  c10::intrusive_ptr<c10d::TCPStore> store;  // a connection of its own: the others' may be blocked
  std::vector<Peer> peers;
  std::thread thread;

  std::mutex mutex;
  std::condition_variable changed;
  std::string failure;      // empty while all is well
  Cause cause = Cause::gaveUp;
  std::string unsentWords;  // for the others
  bool isStopping = false, isSuspicious = false, hasRead = false;
  std::chrono::steady_clock::time_point lastRound;
};

}  // namespace grove
