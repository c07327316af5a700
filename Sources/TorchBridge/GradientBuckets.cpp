#include "GradientBuckets.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <functional>

namespace grove {
namespace {

struct Hook final : torch::autograd::PostAccumulateGradHook {
  explicit Hook(std::function<void(const at::Tensor &)> take) : take(std::move(take)) {}
  void operator()(const torch::autograd::Variable &tensor) override { take(tensor); }
  std::function<void(const at::Tensor &)> take;
};

}  // namespace

GradientBuckets::GradientBuckets(ProcessGroup &group, std::vector<at::Tensor> given, int64_t bucketBytes)
    : group(group), tensors(std::move(given)), slots(tensors.size()) {
  for (size_t end = tensors.size(); end > 0;) {
    size_t begin = end;
    int64_t count = 0;
    do count += tensors[--begin].numel();
    while (begin > 0 && (count + tensors[begin - 1].numel()) * int64_t(sizeof(float)) <= bucketBytes);
    Bucket bucket;
    bucket.sums = at::empty({count}, at::kFloat);
    bucket.tensors = static_cast<int>(end - begin);
    int64_t offset = 0;
    for (size_t i = begin; i < end; i++) {
      slots[i].sum = bucket.sums.narrow(0, offset, tensors[i].numel()).view(tensors[i].sizes());
      slots[i].bucket = static_cast<int>(buckets.size());
      offset += tensors[i].numel();
    }
    buckets.push_back(bucket);
    end = begin;
  }
  for (size_t i = 0; i < tensors.size(); i++)
    torch::autograd::impl::set_post_acc_grad_hooks(
        tensors[i], std::make_unique<Hook>([this, i](const at::Tensor &tensor) { take(i, tensor); }));
}

GradientBuckets::~GradientBuckets() {
  for (const auto &tensor : tensors) torch::autograd::impl::set_post_acc_grad_hooks(tensor, nullptr);
}

void GradientBuckets::arm(bool first, bool last) {
  isFirst = first;
  isLast = last;
  started = 0;
  for (auto &bucket : buckets) {
    bucket.missing = bucket.tensors;
    bucket.work.reset();
  }
  for (auto &slot : slots) slot.isFilled = false;
}

void GradientBuckets::take(size_t index, const at::Tensor &tensor) {
  Slot &slot = slots[index];
  if (isFirst) slot.sum.copy_(tensor.grad());
  else slot.sum.add_(tensor.grad());
  tensor.mutable_grad().reset();
  slot.isFilled = true;
  buckets[slot.bucket].missing--;
  if (isLast) startFullBuckets();
}

void GradientBuckets::startFullBuckets() {
  for (; started < buckets.size() && buckets[started].missing == 0; started++)
    buckets[started].work = group.startSum(buckets[started].sums);
}

std::vector<at::Tensor> GradientBuckets::finish() {
  std::vector<at::Tensor> sums;
  for (const auto &slot : slots) sums.push_back(slot.isFilled ? slot.sum : at::Tensor());
  for (auto &bucket : buckets) {
    if (!bucket.work) continue;
    group.wait(bucket.work);
    bucket.work.reset();
  }
  return sums;
}

}  // namespace grove
