#include "PeerWatch.h"

#include <c10/util/StringUtil.h>
#include <unistd.h>

#include "Bridge.h"

namespace grove {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto roundTime = 500ms;
constexpr int suspiciousRounds = 3;  // silence that is enough once a connection has broken
constexpr auto explainTime = 6s;
constexpr auto lingerTime = 2s;

std::vector<uint8_t> bytes(const std::string &text) { return {text.begin(), text.end()}; }
std::string text(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }

c10d::TCPStoreOptions clientOptions(const GroveProcessPlace &place) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(place.port);
  options.waitWorkers = false;
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(place.joinSeconds * 1000));
  return options;
}

std::string thisProcess(int rank) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return "process " + std::to_string(rank) + " (pid " + std::to_string(getpid()) + " on " + host + ")";
}

/// Waits for a key of every process; those that miss it are named.
void waitForAll(c10d::TCPStore &store, const std::vector<std::string> &keys, double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  while (!store.check(keys)) {
    if (Clock::now() < deadline) {
      std::this_thread::sleep_for(20ms);
      continue;
    }
    std::string missing;
    for (size_t rank = 0; rank < keys.size(); rank++)
      if (!store.check({keys[rank]})) missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
    throw PeerError(c10::str("of ", keys.size(), " processes, ", missing, " did not come within ", seconds, " s"));
  }
}

}  // namespace

PeerWatch::PeerWatch(const GroveProcessPlace &place, c10d::TCPStore &joining)
    : rank(place.rank), size(place.size), silenceRounds(static_cast<int>(place.silenceSeconds * 1000 / roundTime.count())),
      peers(place.size) {
  if (joining.add(key("came", rank), 1) > 1)
    throw PeerError("two processes have the number " + std::to_string(rank));
  joining.set(key("words", rank), {});
  joining.add(key("beat", rank), 1);
  joining.set(key("who", rank), bytes(thisProcess(rank)));
  waitForAll(joining, keys("who"), place.joinSeconds);
  const auto names = joining.multiGet(keys("who"));
  for (int i = 0; i < size; i++) peers[i].who = text(names[i]);
  store = c10::make_intrusive<c10d::TCPStore>(place.host, clientOptions(place));
}

std::vector<std::string> PeerWatch::keys(const char *kind) const {
  std::vector<std::string> all;
  for (int i = 0; i < size; i++) all.push_back(key(kind, i));
  return all;
}

void PeerWatch::start() {
  lastRound = Clock::now();
  thread = std::thread([self = shared_from_this()] { self->run(); });
}

void PeerWatch::run() {
  while (true) {
    try {
      beat();
    } catch (const std::exception &) {  // the store's connection broke, and process 0 holds the store
      return fail(peers[0].who + " is gone: it no longer answers", Cause::storeLost);
    }
    std::unique_lock<std::mutex> lock(mutex);
    lastRound = Clock::now();
    changed.wait_for(lock, roundTime, [&] { return isStopping || !unsentWords.empty(); });
    if (isStopping) return;
  }
}

void PeerWatch::beat() {
  std::string words;
  int patience;
  {
    std::lock_guard<std::mutex> guard(mutex);
    words.swap(unsentWords);
    patience = isSuspicious ? suspiciousRounds : silenceRounds;
  }
  if (!words.empty()) store->set(key("words", rank), bytes(words));
  store->add(key("beat", rank), 1);
  const auto said = store->multiGet(keys("words"));
  const auto beats = store->multiGet(keys("beat"));
  for (int i = 0; i < size; i++) {
    if (i == rank) continue;
    if (!said[i].empty()) fail(text(said[i]), Cause::wasTold);
    Peer &peer = peers[i];
    const std::string now = text(beats[i]);
    peer.silentRounds = now == peer.beat ? peer.silentRounds + 1 : 0;
    peer.beat = now;
    if (peer.silentRounds >= patience) fail(peer.who + " is gone: it has given no sign of life", Cause::foundLost);
  }
  std::unique_lock<std::mutex> lock(mutex);
  if (failure.empty() || !unsentWords.empty() || hasRead) return;
  hasRead = true;
  lock.unlock();
  store->add("read", 1);
}

/// Takes the first failure for the cause. One that this process found itself is told to the others.
void PeerWatch::fail(const std::string &message, Cause why) {
  std::lock_guard<std::mutex> guard(mutex);
  if (!failure.empty()) return;
  failure = message;
  cause = why;
  if (why == Cause::gaveUp || why == Cause::foundLost) unsentWords = message;
  changed.notify_all();
}

void PeerWatch::wait(const c10::intrusive_ptr<c10::ivalue::Future> &future) {
  future->addCallback([self = shared_from_this()](c10::ivalue::Future &) {
    std::lock_guard<std::mutex> guard(self->mutex);
    self->changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex);
  while (!future->completed()) {
    if (!failure.empty()) throw PeerError(failure);
    const auto silence = Clock::now() - lastRound;
    if (silence > silenceRounds * roundTime) {  // the watch itself hangs in a call to the store
      lock.unlock();
      fail(peers[0].who + " is gone: it no longer answers", Cause::storeLost);
      lock.lock();
      continue;
    }
    changed.wait_for(lock, roundTime);
  }
  lock.unlock();
  if (future->hasError()) explain(future->tryRetrieveErrorMessage());
}

/// A broken connection does not say who broke it: one that ends takes others along. The heartbeats tell.
void PeerWatch::explain(const std::string &symptom) {
  std::unique_lock<std::mutex> lock(mutex);
  isSuspicious = true;
  changed.wait_for(lock, explainTime, [&] { return !failure.empty(); });
  if (!failure.empty()) throw PeerError(failure);
  throw PeerError("a connection to another process broke: " + symptom.substr(0, symptom.find('\n')));
}

void PeerWatch::abandon(const std::string &reason) {
  fail("process " + std::to_string(rank) + " gave up: " + reason, Cause::gaveUp);
  std::unique_lock<std::mutex> lock(mutex);
  const Cause why = cause;
  lock.unlock();
  if (why == Cause::gaveUp || (why == Cause::wasTold && rank == 0)) linger("read", size);
  if (why == Cause::foundLost && rank == 0) linger("read", size - 1);
}

/// Stays until so many have counted up a key: the store ends with process 0.
void PeerWatch::linger(const char *key, int count) {
  const auto deadline = Clock::now() + lingerTime;
  try {
    while (Clock::now() < deadline && store->add(key, 0) < count) std::this_thread::sleep_for(10ms);
  } catch (const std::exception &) {
    return;  // nobody is left to wait for
  }
}

void PeerWatch::leave() {
  store->add("left", 1);
  if (rank == 0) linger("left", size);
  {
    std::lock_guard<std::mutex> guard(mutex);
    isStopping = true;
    changed.notify_all();
  }
  if (thread.joinable()) thread.join();
}

}  // namespace grove
