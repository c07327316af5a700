// Norms of the float32 residual stream, with the addition before them and the rounding after them in the same pass.
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "KernelSupport.h"

namespace grove {
namespace {

struct Norm : torch::autograd::Function<Norm> {
  /// Gives the normed value, and with a delta also the stream: x + delta.
  static variable_list forward(AutogradContext *context, const at::Tensor &x,
                               const std::optional<at::Tensor> &delta, const at::Tensor &weight,
                               const std::optional<at::Tensor> &bias, double epsilon, bool centered, int64_t dtype) {
    const int64_t width = weight.numel(), rows = x.numel() / std::max<int64_t>(width, 1);
    const auto input = x.contiguous();
    const auto added = delta ? delta->contiguous() : at::Tensor();
    const auto stream = delta ? at::empty(x.sizes(), x.options()) : input;
    const auto y = at::empty(x.sizes(), x.options().dtype(static_cast<at::ScalarType>(dtype)));
    const auto moments = at::empty({2, rows}, x.options());
    withElement(y, [&](auto element) {
      using Element = decltype(element);
      const NormRows<Element> work{
          width, static_cast<float>(epsilon), centered, elements<float>(weight),
          bias ? elements<float>(*bias) : nullptr,
          elements<float>(input), elements<Element>(added), elements<float>(stream), elements<Element>(y),
          elements<float>(moments), elements<float>(moments) + rows};
      forBlocks(rows, rowGrain(width), [&](int64_t, int64_t begin, int64_t end) {
        loops<Element>().norm(work, begin, end);
      });
    });
    context->save_for_backward({stream, weight, moments});
    context->saved_data["centered"] = centered;
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["delta"] = delta.has_value();
    context->set_materialize_grads(false);
    if (delta) return {y, stream};
    return {y};
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &stream = saved[0], &weight = saved[1], &moments = saved[2];
    const bool hasDelta = context->saved_data["delta"].toBool(), hasBias = context->saved_data["bias"].toBool();
    variable_list result(7);
    if (!gradients[0].defined()) {  // the normed value was not used
      if (hasDelta && gradients[1].defined()) result[0] = gradients[1], result[1] = gradients[1];
      return result;
    }
    const int64_t width = weight.numel(), rows = stream.numel() / std::max<int64_t>(width, 1);
    const int64_t grain = std::max<int64_t>(32, rowGrain(width)), blocks = blockCount(rows, grain);
    const auto dy = gradients[0].contiguous();
    const auto dStream = hasDelta && gradients[1].defined() ? gradients[1].contiguous() : at::Tensor();
    const auto dx = at::empty(stream.sizes(), stream.options());
    const auto parts = at::zeros({2, blocks, width}, stream.options());
    at::Tensor dDelta;
    if (hasDelta) dDelta = dy.scalar_type() == at::kFloat ? dx : at::empty(dy.sizes(), dy.options());
    withElement(dy, [&](auto element) {
      using Element = decltype(element);
      forBlocks(rows, grain, [&](int64_t block, int64_t begin, int64_t end) {
        const NormGradientRows<Element> work{
            width, context->saved_data["centered"].toBool(), elements<float>(weight), elements<float>(stream),
            elements<float>(moments), elements<float>(moments) + rows, elements<Element>(dy), elements<float>(dStream),
            elements<float>(dx), dDelta.is_same(dx) ? nullptr : elements<Element>(dDelta),
            elements<float>(parts) + block * width,
            hasBias ? elements<float>(parts) + (blocks + block) * width : nullptr};
        loops<Element>().normGradient(work, begin, end);
      });
    });
    result[0] = dx;
    result[1] = dDelta;
    if (context->needs_input_grad(hasDelta ? 2 : 1)) result[2] = parts[0].sum(0);
    if (hasBias) result[3] = parts[1].sum(0);
    return result;
  }
};

/// x + delta, where the delta may be bfloat16.
struct Add : torch::autograd::Function<Add> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &delta) {
    const auto a = x.contiguous(), b = delta.contiguous();
    const auto out = at::empty(x.sizes(), x.options());
    context->saved_data["dtype"] = static_cast<int64_t>(delta.scalar_type());
    withElement(b, [&](auto element) {
      using Element = decltype(element);
      forBlocks(a.numel(), elementGrain, [&](int64_t, int64_t begin, int64_t end) {
        loops<Element>().add(elements<float>(a) + begin, elements<Element>(b) + begin, elements<float>(out) + begin,
                             end - begin);
      });
    });
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto dtype = static_cast<at::ScalarType>(context->saved_data["dtype"].toInt());
    if (dtype == at::kFloat) return {gradients[0], gradients[0]};
    const auto dOut = gradients[0].contiguous();
    const auto dDelta = at::empty(dOut.sizes(), dOut.options().dtype(dtype));
    forBlocks(dOut.numel(), elementGrain, [&](int64_t, int64_t begin, int64_t end) {
      loops<bfloat16>().narrow(elements<float>(dOut) + begin, elements<bfloat16>(dDelta) + begin, end - begin);
    });
    return {gradients[0], dDelta};
  }
};

}  // namespace

GroveStatus norm(const GroveNorm *arguments, GroveTensorHandle *stream, GroveTensorHandle *out) {
  return guarded([&] {
    const auto x = tensor(arguments->x), delta = tensor(arguments->delta), weight = tensor(arguments->weight);
    checkCPU(x);
    TORCH_CHECK(x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat, "expected float32, got ",
                x.scalar_type(), " and a weight of ", weight.scalar_type());
    TORCH_CHECK(x.dim() > 0 && x.size(-1) == weight.numel() && weight.is_contiguous(), "the last axis of ",
                x.sizes(), " does not fit a weight of ", weight.sizes());
    TORCH_CHECK(!delta.defined() || delta.sizes() == x.sizes(), "cannot add ", delta.sizes(), " to ", x.sizes());
    const auto results = applied<Norm>(x, optional(arguments->delta), weight, optional(arguments->bias), arguments->epsilon,
                                     arguments->centered, static_cast<int64_t>(arguments->dtype));
    *out = handle(results[0]);
    *stream = results.size() > 1 ? handle(results[1]) : nullptr;
  });
}

GroveStatus add(GroveTensorHandle x, GroveTensorHandle delta, GroveTensorHandle *out) {
  return guarded([&] {
    TORCH_CHECK(tensor(x).sizes() == tensor(delta).sizes(), "cannot add ", tensor(delta).sizes(), " to ",
                tensor(x).sizes());
    *out = handle(applied<Add>(tensor(x), tensor(delta)));
  });
}

}  // namespace grove
