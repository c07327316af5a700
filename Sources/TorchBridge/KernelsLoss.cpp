// The loss straight from the hidden states: the logits of a block of rows exist only until their gradient replaces them.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/zeros.h>

#include "KernelSupport.h"
#include "Product.h"

namespace grove {
namespace {

constexpr int64_t blockBytes = 128 << 20;  // of logits at once

/// What the rows of a block share.
struct LossTerms {
  int64_t ignored;
  float share;   // 1 / counted rows
  float zLoss;
  bool wantsGradient;
};

/// Sums the losses of the rows in order; replaces the logits by their gradient if wanted.
template <typename Element>
double lossOfRows(const at::Tensor &logits, const int64_t *targets, const LossTerms &terms) {
  const int64_t rows = logits.size(0), vocabulary = logits.size(1);
  std::vector<double> losses(rows);
  const int64_t grain = std::max<int64_t>(1, rowGrain(vocabulary));
  forBlocks(rows, grain, [&](int64_t, int64_t begin, int64_t end) {
    thread_local std::vector<float> scratch;
    scratch.resize(vocabulary);
    for (int64_t row = begin; row < end; row++) {
      Element *values = elements<Element>(logits) + row * vocabulary;
      if (targets[row] == terms.ignored) {
        if (terms.wantsGradient) std::fill(values, values + vocabulary, Element{});
        continue;
      }
      float sum;
      const RowLoss loss = loops<Element>().rowLoss(values, vocabulary, targets[row], scratch.data(), sum);
      losses[row] = loss.negativeLogLikelihood + double(terms.zLoss) * loss.logSumExp * loss.logSumExp;
      if (!terms.wantsGradient) continue;
      const float scale = terms.share * (1.0f + 2.0f * terms.zLoss * loss.logSumExp) / sum;
      loops<Element>().rowGradient(values, vocabulary, targets[row], scratch.data(), scale, terms.share);
    }
  });
  double total = 0;
  for (double loss : losses) total += loss;
  return total;
}

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &targets, int64_t ignored, double zLoss, bool wantsX, bool wantsWeight) {
    const int64_t rows = x.size(0), vocabulary = weight.size(0);
    const auto *ids = static_cast<const int64_t *>(targets.const_data_ptr());
    int64_t counted = 0;
    for (int64_t row = 0; row < rows; row++) {
      if (ids[row] == ignored) continue;
      TORCH_CHECK(0 <= ids[row] && ids[row] < vocabulary, "the target ", ids[row], " is outside the vocabulary of ",
                  vocabulary);
      counted++;
    }
    const LossTerms terms{ignored, 1.0f / static_cast<float>(counted), static_cast<float>(zLoss), wantsX || wantsWeight};
    const int64_t fitting = blockBytes / static_cast<int64_t>(std::max<int64_t>(vocabulary, 1) * x.element_size());
    const int64_t blockRows = std::clamp<int64_t>(fitting, 64, std::max<int64_t>(rows, 64));
    const int64_t blocks = blockCount(rows, blockRows);
    const auto logits = at::empty({std::min(blockRows, rows), vocabulary}, x.options());
    at::Tensor dx, dWeight;
    if (wantsX) dx = at::empty(x.sizes(), x.options());
    if (wantsWeight) dWeight = blocks == 0 ? at::zeros(weight.sizes(), weight.options())
                                           : at::empty(weight.sizes(), weight.options());
    // Sums over several blocks are kept in float32: each rounding to bfloat16 would lose what a block adds.
    const bool widens = wantsWeight && blocks > 1 && weight.scalar_type() != at::kFloat;
    const auto sum = widens ? at::zeros(weight.sizes(), weight.options().dtype(at::kFloat)) : at::Tensor();
    double total = 0;
    for (int64_t begin = 0; begin < rows; begin += blockRows) {
      const int64_t end = std::min(rows, begin + blockRows);
      const auto block = logits.narrow(0, 0, end - begin), inputs = x.narrow(0, begin, end - begin);
      product(inputs, weight.t(), block);
      withElement(block, [&](auto element) {
        total += lossOfRows<decltype(element)>(block, ids + begin, terms);
      });
      if (wantsX) product(block, weight, dx.narrow(0, begin, end - begin));
      if (wantsWeight) product(block.t(), inputs, dWeight, !widens && begin > 0);
      if (widens) sum.add_(dWeight);
    }
    if (widens) dWeight.copy_(sum);
    context->save_for_backward({dx, dWeight});
    return at::full({}, total / static_cast<double>(counted), x.options().dtype(at::kFloat));
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const float scale = gradients[0].item<float>();
    variable_list result(7);
    for (int input = 0; input < 2; input++)
      if (saved[input].defined()) result[input] = scale == 1 ? saved[input] : at::mul(saved[input], scale);
    return result;
  }
};

}  // namespace

GroveStatus linearCrossEntropy(GroveTensorHandle x_, GroveTensorHandle weight_, GroveTensorHandle targets_,
                               int64_t ignored, double zLoss, GroveTensorHandle *out) {
  return guarded([&] {
    const auto x = tensor(x_), weight = tensor(weight_), targets = tensor(targets_);
    checkCPU(x);
    TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1), "hidden states of ",
                x.sizes(), " do not fit a weight of ", weight.sizes());
    TORCH_CHECK(targets.dim() == 1 && targets.size(0) == x.size(0) && targets.scalar_type() == at::kLong,
                "expected int64 targets [", x.size(0), "], got ", targets.scalar_type(), " ",
                targets.sizes());
    TORCH_CHECK(x.scalar_type() == weight.scalar_type(), "hidden states of ", x.scalar_type(),
                " and a weight of ", weight.scalar_type());
    const bool records = at::GradMode::is_enabled();
    *out = handle(applied<LinearCrossEntropy>(x.contiguous(), weight.contiguous(), targets.contiguous(), ignored, zLoss,
                                            records && x.requires_grad(), records && weight.requires_grad()));
  });
}

}  // namespace grove
