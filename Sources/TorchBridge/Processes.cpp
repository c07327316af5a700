#define USE_C10D_GLOO 1  // the headers ask for it; libtorch was built so
#include "Processes.h"

#include <ATen/ops/zeros.h>
#include <c10/util/Flags.h>
#include <netdb.h>
#include <sys/socket.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <unistd.h>

#include <cstdlib>

#include "GradientBuckets.h"

C10_DECLARE_int(caffe2_log_level);

namespace grove {
namespace {

using Clock = std::chrono::steady_clock;

/// The address of this machine on the way to another, which is where that one reaches it: the system's routing tells
/// it for a socket that sends nothing. libtorch would take what the machine's name resolves to, often 127.0.1.1.
std::string addressTowards(const std::string &host, int port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0 || !found)
    throw std::runtime_error("the host " + host + " is not known");
  std::string address;
  for (addrinfo *entry = found; entry && address.empty(); entry = entry->ai_next) {
    const int descriptor = socket(entry->ai_family, SOCK_DGRAM, 0);
    if (descriptor < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    char name[NI_MAXHOST];
    if (connect(descriptor, entry->ai_addr, entry->ai_addrlen) == 0 &&
        getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr *>(&own), length, name, sizeof name, nullptr, 0, NI_NUMERICHOST) == 0)
      address = name;
    close(descriptor);
  }
  freeaddrinfo(found);
  if (address.empty()) throw std::runtime_error("no network leads to " + host);
  return address;
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

c10::intrusive_ptr<c10d::TCPStore> openStore(const GroveProcessPlace &place) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(place.port);
  options.isServer = place.rank == 0;
  options.waitWorkers = false;
  options.timeout = milliseconds(place.joinSeconds);
  const std::string where = std::string(place.host) + ":" + std::to_string(place.port);
  try {
    return c10::make_intrusive<c10d::TCPStore>(place.host, options);
  } catch (const c10::Error &error) {
    const std::string words = error.what_without_backtrace();
    if (place.rank != 0) throw PeerError("process 0 did not answer at " + where);
    throw std::runtime_error("cannot listen at " + where + ": " + words.substr(0, words.find('\n')));
  }
}

std::shared_ptr<gloo::transport::Device> openDevice(const GroveProcessPlace &place) {
  if (place.interface) return c10d::ProcessGroupGloo::createDeviceForInterface(place.interface);
  return c10d::ProcessGroupGloo::createDeviceForHostname(addressTowards(place.host, place.port));
}

/// Where NCCL would be made for processes with a GPU each: all that follows is c10d's.
c10::intrusive_ptr<c10d::Backend> openGloo(const GroveProcessPlace &place, c10::intrusive_ptr<c10d::Store> store,
                                           std::shared_ptr<gloo::transport::Device> device) {
  auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(place.joinSeconds));
  options->devices.push_back(std::move(device));
  c10::intrusive_ptr<c10d::Backend> backend =
      c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, options);
  // A slow validation or save of one process is no reason to end; a lost process is what the watch looks for.
  backend->setTimeout(std::chrono::hours(24));
  return backend;
}

}  // namespace

/// libtorch writes a stack trace for each failed attempt to connect. What matters comes as an error.
static void silenceLog() {
  constexpr int fatal = 3;
  if (!getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = fatal;
}

ProcessGroup::ProcessGroup(const GroveProcessPlace &place) {
  silenceLog();
  auto device = openDevice(place);  // first: a host that is not known needs no waiting
  store = openStore(place);
  watch = std::make_shared<PeerWatch>(place, *store);
  backend = openGloo(place, store, std::move(device));
  watch->start();
}

void ProcessGroup::leave() {
  wait(startSum(at::zeros({1})));
  watch->leave();
}

c10::intrusive_ptr<c10d::Work> ProcessGroup::startSum(at::Tensor tensor) {
  std::vector<at::Tensor> tensors{std::move(tensor)};
  return backend->allreduce(tensors);
}

c10::intrusive_ptr<c10d::Work> ProcessGroup::startBroadcast(at::Tensor tensor, int root) {
  std::vector<at::Tensor> tensors{std::move(tensor)};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  return backend->broadcast(tensors, options);
}

void ProcessGroup::wait(const c10::intrusive_ptr<c10d::Work> &work) {
  const auto start = Clock::now();
  watch->wait(work->getFuture());
  waitedSeconds += std::chrono::duration<double>(Clock::now() - start).count();
}

static ProcessGroup *group(GroveProcessGroupHandle handle) { return reinterpret_cast<ProcessGroup *>(handle); }
static GradientBuckets *buckets(GroveGradientBucketsHandle handle) { return reinterpret_cast<GradientBuckets *>(handle); }

static GroveStatus leave(GroveProcessGroupHandle handle) {
  return guarded([&] {
    group(handle)->leave();
    delete group(handle);
  });
}

static GroveStatus broadcast(GroveProcessGroupHandle handle, const GroveTensorHandle *tensors, const int32_t *roots,
                             int32_t count) {
  return guarded([&] {
    std::vector<c10::intrusive_ptr<c10d::Work>> works;
    for (int32_t i = 0; i < count; i++) works.push_back(group(handle)->startBroadcast(tensor(tensors[i]), roots[i]));
    for (const auto &work : works) group(handle)->wait(work);
  });
}

static GroveStatus makeBuckets(GroveProcessGroupHandle handle, const GroveTensorHandle *tensors, int32_t count,
                               int64_t bucketBytes, GroveGradientBucketsHandle *out) {
  return guarded([&] {
    std::vector<at::Tensor> parameters;
    for (int32_t i = 0; i < count; i++) parameters.push_back(tensor(tensors[i]));
    *out = reinterpret_cast<GroveGradientBucketsHandle>(new GradientBuckets(*group(handle), parameters, bucketBytes));
  });
}

static GroveStatus finishBuckets(GroveGradientBucketsHandle handle_, GroveTensorHandle *out) {
  return guarded([&] {
    auto gradients = buckets(handle_)->finish();
    for (size_t i = 0; i < gradients.size(); i++) out[i] = handle(gradients[i]);
  });
}

void installProcesses(GroveTorch &table) {
  table.join_processes = [](const GroveProcessPlace *place, GroveProcessGroupHandle *out) {
    return guarded([&] { *out = reinterpret_cast<GroveProcessGroupHandle>(new ProcessGroup(*place)); });
  };
  table.leave_processes = leave;
  table.abandon_processes = [](GroveProcessGroupHandle handle, const char *reason) { group(handle)->abandon(reason); };
  table.sum_over_processes = [](GroveProcessGroupHandle handle, GroveTensorHandle values) {
    return guarded([&] { group(handle)->wait(group(handle)->startSum(tensor(values))); });
  };
  table.broadcast = broadcast;
  table.waited_seconds = [](GroveProcessGroupHandle handle) { return group(handle)->waitedSeconds; };
  table.make_buckets = makeBuckets;
  table.arm_buckets = [](GroveGradientBucketsHandle handle, bool isFirst, bool isLast) {
    buckets(handle)->arm(isFirst, isLast);
  };
  table.finish_buckets = finishBuckets;
  table.free_buckets = [](GroveGradientBucketsHandle handle) { delete buckets(handle); };
}

}  // namespace grove
