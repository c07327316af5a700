// The choice of some positions of a text, with weights through which it is learned.
#include <ATen/ops/empty.h>

#include "KernelSupport.h"

namespace grove {
namespace {

/// Weights `[B, T]` of scores `[B, T]`. Plain operators would keep a dozen tensors of each iteration for the backward pass;
/// here it is one number a row.
struct SoftChoice : torch::autograd::Function<SoftChoice> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, double count, double temperature,
                            int64_t iterations) {
    const auto scores = input.contiguous();
    const int64_t rows = scores.size(0), width = scores.size(1);
    const SoftTopK choice{static_cast<float>(count), static_cast<float>(temperature), iterations};
    const auto out = at::empty(scores.sizes(), scores.options());
    const auto duals = at::empty({rows, iterations + 1}, scores.options());
    forBlocks(rows, 1, [&](int64_t row, int64_t, int64_t) {
      loops<float>().softTopK(elements<float>(scores) + row * width, width, choice,
                              elements<float>(duals) + row * (iterations + 1), elements<float>(out) + row * width);
    });
    context->save_for_backward({scores, duals, out});
    context->saved_data["count"] = count;
    context->saved_data["temperature"] = temperature;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &scores = saved[0], &duals = saved[1], &out = saved[2];
    const auto dOut = gradients[0].contiguous();
    const int64_t rows = scores.size(0), width = scores.size(1), states = duals.size(1);
    const SoftTopK choice{static_cast<float>(context->saved_data["count"].toDouble()),
                          static_cast<float>(context->saved_data["temperature"].toDouble()), states - 1};
    const auto dScores = at::empty(scores.sizes(), scores.options());
    forBlocks(rows, 1, [&](int64_t row, int64_t, int64_t) {
      loops<float>().softTopKGradient(elements<float>(scores) + row * width, elements<float>(duals) + row * states,
                                      elements<float>(out) + row * width, elements<float>(dOut) + row * width, width,
                                      choice, elements<float>(dScores) + row * width);
    });
    return {dScores, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

GroveStatus softTopK(GroveTensorHandle scores, double count, double temperature, int64_t iterations,
                     GroveTensorHandle *out) {
  return guarded([&] {
    const auto x = tensor(scores);
    checkCPU(x);
    TORCH_CHECK(x.dim() == 2 && x.size(1) > 0 && x.scalar_type() == at::kFloat, "expected float32 scores [B, T], got ",
                x.scalar_type(), " ", x.sizes());
    TORCH_CHECK(count > 0 && temperature > 0 && iterations > 0, "no choice of ", count, " at temperature ", temperature,
                " in ", iterations, " iterations");
    *out = handle(applied<SoftChoice>(x, count, temperature, iterations));
  });
}

}  // namespace grove
