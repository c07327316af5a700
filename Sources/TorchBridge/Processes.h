// A group of processes that train together: c10d's store and Gloo inside libtorch, and a watch over who is still there.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <memory>

#include "Bridge.h"
#include "PeerWatch.h"

namespace grove {

class ProcessGroup {
 public:
  /// Waits for the others to come.
  explicit ProcessGroup(const GroveProcessPlace &place);
  /// All processes leave together.
  void leave();
  void abandon(const std::string &reason) { watch->abandon(reason); }

  /// Sums in the background, in place.
  c10::intrusive_ptr<c10d::Work> startSum(at::Tensor tensor);
  c10::intrusive_ptr<c10d::Work> startBroadcast(at::Tensor tensor, int root);
  /// Until the work is done, a process is lost or one gives up.
  void wait(const c10::intrusive_ptr<c10d::Work> &work);

  double waitedSeconds = 0;

 private:
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<c10d::Backend> backend;
  std::shared_ptr<PeerWatch> watch;
};

}  // namespace grove
