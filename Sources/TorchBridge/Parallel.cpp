#include "Parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#ifdef __APPLE__
#include <dispatch/dispatch.h>
#else
#include <dlfcn.h>
#endif

namespace grove {
namespace {

struct Job {
  int64_t count, grain;
  void (*body)(void *, int64_t, int64_t, int64_t);
  void *context;
  std::atomic<int64_t> next{0};

  /// Takes blocks until none is left; every thread of the team runs this.
  void work() {
    const int64_t blocks = blockCount(count, grain);
    for (int64_t block = next++; block < blocks; block = next++)
      body(context, block, block * grain, std::min(count, (block + 1) * grain));
  }
};

#ifdef __APPLE__
void runOnTeam(Job &job, int threads) {
  dispatch_apply_f(threads, DISPATCH_APPLY_AUTO, &job, [](void *job, size_t) { static_cast<Job *>(job)->work(); });
}
#else
/// libtorch is compiled with GCC's OpenMP; clang's speaks another protocol, so the team is reached by its entry point.
void runOnTeam(Job &job, int threads) {
  using Parallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
  static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  if (!parallel) return job.work();
  parallel([](void *job) { static_cast<Job *>(job)->work(); }, &job, threads, 0);
}
#endif

}  // namespace

void forBlocks(int64_t count, int64_t grain, void (*body)(void *, int64_t, int64_t, int64_t), void *context) {
  if (count <= 0) return;
  Job job{count, grain, body, context};
  at::internal::lazy_init_num_threads();
  const int64_t blocks = blockCount(count, grain);
  if (blocks == 1 || at::in_parallel_region()) return job.work();
  const int threads = static_cast<int>(std::min<int64_t>(at::get_num_threads(), blocks));
  if (threads <= 1) return job.work();
  runOnTeam(job, threads);
}

}  // namespace grove
