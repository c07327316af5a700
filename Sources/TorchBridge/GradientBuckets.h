// Sums gradients over the processes while the backward pass runs.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "Processes.h"

namespace grove {

/// Hooks on the tensors take each gradient as it is complete into a float32 buffer, many tensors to a bucket, in the
/// order in which a backward pass finds them: the last tensor first. A full bucket is summed in the background.
class GradientBuckets {
 public:
  GradientBuckets(ProcessGroup &group, std::vector<at::Tensor> tensors, int64_t bucketBytes);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets &) = delete;

  void arm(bool isFirst, bool isLast);
  /// A sum for each tensor; undefined for one that had no gradient since `arm`.
  std::vector<at::Tensor> finish();

 private:
  struct Bucket {
    at::Tensor sums;
    int tensors = 0;
    int missing = 0;
    c10::intrusive_ptr<c10d::Work> work;
  };
  struct Slot {
    at::Tensor sum;  // a view of its bucket, in the tensor's shape
    int bucket;
    bool isFilled = false;
  };

  void take(size_t index, const at::Tensor &tensor);
  void startFullBuckets();

  ProcessGroup &group;
  std::vector<at::Tensor> tensors;
  std::vector<Slot> slots;
  std::vector<Bucket> buckets;
  size_t started = 0;  // buckets; all processes start them in the same order
  bool isFirst = true, isLast = true;
};

}  // namespace grove
