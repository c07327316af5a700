// x · weightᵀ + bias, and its gradients.
#include <ATen/ops/empty.h>

#include "KernelSupport.h"
#include "Product.h"

namespace grove {
namespace {

/// The sums of the columns, in blocks of rows so that they do not depend on the threads.
at::Tensor columnSums(const at::Tensor &x) {
  const int64_t rows = x.size(0), width = x.size(1), grain = std::max<int64_t>(64, rowGrain(width));
  const int64_t blocks = blockCount(rows, grain);
  auto parts = at::zeros({blocks, width}, x.options().dtype(at::kFloat));
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    forBlocks(rows, grain, [&](int64_t block, int64_t begin, int64_t end) {
      loops<Element>().sumRows(elements<Element>(x) + begin * width, end - begin, width,
                               elements<float>(parts) + block * width);
    });
  });
  return parts.sum(0);
}

struct Linear : torch::autograd::Function<Linear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const std::optional<at::Tensor> &bias) {
    const int64_t inputs = weight.size(1), outputs = weight.size(0);
    auto shape = x.sizes().vec();
    TORCH_CHECK(!shape.empty() && shape.back() == inputs, "the last axis of ", x.sizes(),
                " does not fit a weight of ", weight.sizes());
    const auto rows = x.contiguous().view({-1, inputs});
    context->save_for_backward({rows, weight});
    context->saved_data["bias"] = bias.has_value();
    shape.back() = outputs;
    auto out = at::empty(shape, x.options());
    const auto flat = out.view({-1, outputs});
    if (multipliesFewRows(rows, weight)) {
      fewRowProduct(rows, weight, bias, flat);
      return out;
    }
    if (bias) flat.copy_(bias->expand_as(flat));
    product(rows, weight.t(), flat, bias.has_value());
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto dOut = gradients[0].contiguous();
    const auto rows = dOut.view({-1, weight.size(0)});
    variable_list result(3);
    if (context->needs_input_grad(0)) {
      auto shape = dOut.sizes().vec();
      shape.back() = weight.size(1);
      result[0] = at::empty(shape, x.options());
      product(rows, weight, result[0].view({-1, weight.size(1)}));
    }
    if (context->needs_input_grad(1)) {
      result[1] = at::empty(weight.sizes(), weight.options());
      product(rows.t(), x, result[1]);
    }
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) result[2] = columnSums(rows);
    return result;
  }
};

}  // namespace

GroveStatus linear(GroveTensorHandle x, GroveTensorHandle weight, GroveTensorHandle bias, GroveTensorHandle *out) {
  return guarded([&] { *out = handle(applied<Linear>(tensor(x), tensor(weight), optional(bias))); });
}

}  // namespace grove
