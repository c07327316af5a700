// What the parts of the bridge share: handles, and the wall that no C++ exception passes.
#pragma once
#include <ATen/core/Tensor.h>

#include <atomic>
#include <stdexcept>

#include "CTorch.h"

namespace grove {

extern std::atomic<int64_t> liveTensors;

/// A handle owns one reference of the tensor's implementation.
inline GroveTensorHandle handle(at::Tensor tensor) {
  if (!tensor.defined()) return nullptr;
  liveTensors.fetch_add(1, std::memory_order_relaxed);
  return tensor.unsafeReleaseTensorImpl();
}

/// A tensor that shares the handle's implementation; undefined for null.
inline at::Tensor tensor(GroveTensorHandle handle) {
  if (!handle) return at::Tensor();
  return at::Tensor(
      c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(static_cast<at::TensorImpl *>(handle)));
}

/// Another process was lost or gave up; the message names it.
struct PeerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

GroveStatus failure(int32_t code, const char *message);
/// The status of the exception in flight.
GroveStatus currentFailure() noexcept;

/// Runs `work` and turns any exception into a status.
template <typename Work>
GroveStatus guarded(Work &&work) noexcept {
  try {
    work();
    return GroveStatus{GROVE_OK, nullptr};
  } catch (...) {
    return currentFailure();
  }
}

void installAllocator();
void memoryStatistics(GroveMemory *out);
void resetPeak();

GroveStatus findOperator(const char *name, const char *overload, GroveOperatorHandle *out);
GroveStatus callOperator(GroveOperatorHandle op, const GroveValue *arguments, int32_t argumentCount,
                         GroveValue *results, int32_t resultCapacity, int32_t *resultCount);

void installKernels(GroveTorch &table);
void installProcesses(GroveTorch &table);

}  // namespace grove
