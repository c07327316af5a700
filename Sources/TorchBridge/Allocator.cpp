// CPU memory that is kept: glibc hands large blocks back to the kernel, and every step would fault them in again.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <vector>

#include "Bridge.h"

namespace grove {
namespace {

constexpr size_t headerBytes = 64;           // keeps the data aligned for 512-bit vectors
constexpr size_t mappedBytes = 1 << 20;      // blocks from here on are mapped, in huge pages where there are any
constexpr size_t hugePage = 2 << 20;
constexpr int stepsPerDoubling = 8;          // at most 12.5% of a block is unused
constexpr int classCount = 64 * stepsPerDoubling;

struct Header {
  size_t capacity;  // with the header
  int sizeClass;
};

/// Rounds up to eight sizes a power of two, and says which class that is.
std::pair<size_t, int> rounded(size_t bytes) {
  size_t need = std::max<size_t>(bytes + headerBytes, 256);
  int exponent = std::bit_width(need - 1) - 1;               // 2^exponent < need <= 2^(exponent + 1)
  size_t step = std::max<size_t>((size_t(1) << exponent) / stepsPerDoubling, 64);
  size_t capacity = (need + step - 1) / step * step;
  int within = static_cast<int>((capacity - (size_t(1) << exponent)) / step);
  return {capacity, exponent * stepsPerDoubling + within};
}

class KeepingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &KeepingAllocator::give, c10::Device(c10::DeviceType::CPU)};
    void *data = take(bytes);
    return {data, data, &KeepingAllocator::give, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &KeepingAllocator::give; }
  void copy_data(void *target, const void *source, std::size_t count) const final { default_copy_data(target, source, count); }

  void statistics(GroveMemory *out) {
    std::lock_guard<std::mutex> guard(lock);
    out->liveBytes = live;
    out->peakBytes = peak;
    out->cachedBytes = cached;
    out->allocationCount = allocations;
    out->systemAllocationCount = systemAllocations;
  }
  void resetPeak() {
    std::lock_guard<std::mutex> guard(lock);
    peak = live;
  }
  static KeepingAllocator &shared() {
    static KeepingAllocator *allocator = new KeepingAllocator;  // outlives every tensor
    return *allocator;
  }

 private:
  void *take(size_t bytes) {
    auto [capacity, sizeClass] = rounded(bytes);
    std::lock_guard<std::mutex> guard(lock);
    allocations++;
    auto &blocks = free_[sizeClass];
    char *block;
    if (!blocks.empty()) {
      block = static_cast<char *>(blocks.back());
      blocks.pop_back();
      cached -= capacity;
    } else {
      block = static_cast<char *>(takeFromSystem(capacity, bytes));
      *reinterpret_cast<Header *>(block) = Header{capacity, sizeClass};
    }
    live += capacity;
    peak = std::max(peak, live);
    return block + headerBytes;
  }

  static void give(void *data) {
    if (!data) return;
    auto &self = shared();
    void *block = static_cast<char *>(data) - headerBytes;
    auto *header = static_cast<Header *>(block);
    std::lock_guard<std::mutex> guard(self.lock);
    self.live -= header->capacity;
    self.cached += header->capacity;
    self.free_[header->sizeClass].push_back(block);
  }

  void *takeFromSystem(size_t capacity, size_t bytes) {
    systemAllocations++;
    void *block = nullptr;
    if (capacity < mappedBytes) {
      if (posix_memalign(&block, 64, capacity) != 0) block = nullptr;
    } else {
      block = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block == MAP_FAILED) block = nullptr;
#ifdef MADV_HUGEPAGE
      if (block && capacity >= hugePage) madvise(block, capacity, MADV_HUGEPAGE);
#endif
    }
    TORCH_CHECK(block, "not enough memory: cannot allocate ", bytes, " bytes");
    return block;
  }

  std::mutex lock;
  std::array<std::vector<void *>, classCount> free_;
  int64_t live = 0, peak = 0, cached = 0, allocations = 0, systemAllocations = 0;
};

}  // namespace

void installAllocator() { c10::SetCPUAllocator(&KeepingAllocator::shared(), 1); }

void memoryStatistics(GroveMemory *out) {
  KeepingAllocator::shared().statistics(out);
  out->liveTensors = liveTensors.load(std::memory_order_relaxed);
}

void resetPeak() { KeepingAllocator::shared().resetPeak(); }

}  // namespace grove
