// Parts of a model whose activations are made again in the backward pass instead of being kept.
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdlib>

#include "KernelSupport.h"

namespace grove {
namespace {

/// The caller's function. It is given back together with the last graph that may call it.
struct Body : torch::CustomClassHolder {
  GroveRecomputation part;

  explicit Body(GroveRecomputation part) : part(part) {}
  ~Body() override { part.release(part.context); }

  at::Tensor operator()(const variable_list &inputs) const {
    std::vector<GroveTensorHandle> handles;
    for (const auto &input : inputs) handles.push_back(handle(input));
    at::Tensor out;
    const auto take = [](void *taker, GroveTensorHandle result) { *static_cast<at::Tensor *>(taker) = tensor(result); };
    char *message = part.run(part.context, handles.data(), static_cast<int32_t>(handles.size()), take, &out);
    if (message) {
      const std::string text = message;
      std::free(message);
      throw std::runtime_error(text);
    }
    return out;
  }
};

struct Recomputation : torch::autograd::Function<Recomputation> {
  /// The body reads the first `count` tensors from its arguments, and the others by itself.
  static at::Tensor forward(AutogradContext *context, at::TensorList tensors, int64_t count,
                            c10::intrusive_ptr<Body> body) {
    variable_list inputs(tensors.begin(), tensors.begin() + count);
    context->save_for_backward(tensors.vec());
    context->saved_data["count"] = count;
    context->saved_data["body"] = c10::IValue::make_capsule(body);
    return (*body)(inputs);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto tensors = context->get_saved_variables();
    const int64_t count = context->saved_data["count"].toInt();
    const auto held = context->saved_data["body"].toCapsule();
    const auto &body = static_cast<const Body &>(*held);
    variable_list result(tensors.size() + 2), wanted;
    std::vector<size_t> places;
    for (size_t index = 0; index < tensors.size(); index++) {
      const bool needed = context->needs_input_grad(index);
      if (index < static_cast<size_t>(count)) tensors[index] = tensors[index].detach().requires_grad_(needed);
      if (!needed) continue;
      places.push_back(index);
      wanted.push_back(tensors[index]);
    }
    if (wanted.empty()) return result;
    at::AutoGradMode recording(true);
    const auto out = body(variable_list(tensors.begin(), tensors.begin() + count));
    const auto found = torch::autograd::grad({out}, wanted, {gradients[0]}, false, false, true);
    for (size_t index = 0; index < places.size(); index++) result[places[index]] = found[index];
    return result;
  }
};

}  // namespace

GroveStatus recompute(GroveRecomputation part, const GroveTensorHandle *tensors, int32_t count, int32_t inputs,
                      GroveTensorHandle *out) {
  return guarded([&] {
    const auto body = c10::make_intrusive<Body>(part);
    variable_list all;
    for (int32_t index = 0; index < count; index++) all.push_back(tensor(tensors[index]));
    const bool records = at::GradMode::is_enabled();
    *out = handle(records ? Recomputation::apply(at::TensorList(all), static_cast<int64_t>(inputs), body)
                          : (*body)(variable_list(all.begin(), all.begin() + inputs)));
  });
}

}  // namespace grove
