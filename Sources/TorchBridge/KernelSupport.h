// What the kernels' files share.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Bridge.h"
#include "Loops.h"
#include "Parallel.h"

namespace grove {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Elements that one thread works on before it looks for more.
constexpr int64_t elementGrain = 1 << 15;

/// Rows of `width` elements that make up about that much work.
inline int64_t rowGrain(int64_t width) { return std::max<int64_t>(1, elementGrain / std::max<int64_t>(width, 1)); }

template <typename Element>
Element *elements(const at::Tensor &tensor) {
  return tensor.defined() ? static_cast<Element *>(tensor.data_ptr()) : nullptr;
}

/// Calls `body` with a value of the tensor's element type.
template <typename Body>
void withElement(const at::Tensor &tensor, Body &&body) {
  switch (tensor.scalar_type()) {
    case at::kFloat: return body(float{});
    case at::kBFloat16: return body(bfloat16{});
    default: TORCH_CHECK(false, "expected float32 or bfloat16, got ", tensor.scalar_type());
  }
}

/// What a Function takes for a tensor that may be absent: an undefined tensor is no input to autograd.
inline std::optional<at::Tensor> optional(GroveTensorHandle handle) {
  return handle ? std::optional<at::Tensor>(tensor(handle)) : std::nullopt;
}

/// What a Function gives: recorded for the backward pass where gradients are on, without that cost where they are off.
template <typename Function, typename... Arguments>
auto applied(const Arguments &...arguments) {
  if (at::GradMode::is_enabled()) return Function::apply(arguments...);
  AutogradContext context;
  return Function::forward(&context, arguments...);
}

inline void checkCPU(const at::Tensor &tensor) {
  TORCH_CHECK(tensor.is_cpu(), "the kernel is for the CPU, got a tensor on ", tensor.device());
}

GroveStatus recompute(GroveRecomputation part, const GroveTensorHandle *tensors, int32_t count, int32_t inputs,
                      GroveTensorHandle *out);
GroveStatus sumOfSquares(const GroveTensorHandle *tensors, int32_t count, double *out);
GroveStatus adamw(const GroveAdamWParameter *parameters, int32_t count, double learningRate, double beta1, double beta2,
                  double epsilon, int64_t step, double gradientScale);
GroveStatus linear(GroveTensorHandle x, GroveTensorHandle weight, GroveTensorHandle bias, GroveTensorHandle *out);
GroveStatus norm(const GroveNorm *arguments, GroveTensorHandle *stream, GroveTensorHandle *out);
GroveStatus add(GroveTensorHandle x, GroveTensorHandle delta, GroveTensorHandle *out);
GroveStatus rotaryHeads(GroveTensorHandle projected, GroveTensorHandle cosine, GroveTensorHandle sine, int64_t heads,
                        int64_t keyValueHeads, GroveTensorHandle *out);
GroveStatus swiglu(GroveTensorHandle x, GroveTensorHandle *out);
GroveStatus softTopK(GroveTensorHandle scores, double count, double temperature, int64_t iterations,
                     GroveTensorHandle *out);
GroveStatus gelu(GroveTensorHandle x, GroveTensorHandle *out);
bool attends(int32_t dtype, int64_t width);
GroveStatus attention(GroveTensorHandle q, GroveTensorHandle k, GroveTensorHandle v, bool causal, GroveTensorHandle *out);
GroveStatus lastQueries(GroveTensorHandle q, GroveTensorHandle k, GroveTensorHandle v, GroveTensorHandle *out);
GroveStatus cachedAttention(const GroveCachedAttention *arguments, GroveTensorHandle *out);
GroveStatus quantizedLinear(GroveTensorHandle x, GroveTensorHandle values, GroveTensorHandle scales,
                            GroveTensorHandle bias, GroveTensorHandle *out);
GroveStatus linearCrossEntropy(GroveTensorHandle x, GroveTensorHandle weight, GroveTensorHandle targets, int64_t ignored,
                               double zLoss, GroveTensorHandle *out);

}  // namespace grove
