// Element-wise functions between the products: SwiGLU, GELU and rotary positions.
#include <ATen/ops/empty.h>

#include "KernelSupport.h"

namespace grove {
namespace {

/// silu(gate) · up over `[…, gate | up]`.
struct SwiGLU : torch::autograd::Function<SwiGLU> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input) {
    const auto x = input.contiguous();
    context->save_for_backward({x});
    auto shape = x.sizes().vec();
    const int64_t width = shape.back() /= 2;
    const auto out = at::empty(shape, x.options());
    withElement(x, [&](auto element) {
      using Element = decltype(element);
      forBlocks(width ? out.numel() / width : 0, rowGrain(width), [&](int64_t, int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
          const auto *gate = elements<Element>(x) + 2 * row * width;
          loops<Element>().swiglu(gate, gate + width, elements<Element>(out) + row * width, width);
        }
      });
    });
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto x = context->get_saved_variables()[0];
    const auto dOut = gradients[0].contiguous();
    const auto dx = at::empty(x.sizes(), x.options());
    const int64_t width = dOut.size(-1);
    withElement(x, [&](auto element) {
      using Element = decltype(element);
      forBlocks(width ? dOut.numel() / width : 0, rowGrain(width), [&](int64_t, int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
          const auto *gate = elements<Element>(x) + 2 * row * width;
          auto *dGate = elements<Element>(dx) + 2 * row * width;
          loops<Element>().swigluGradient(gate, gate + width, elements<Element>(dOut) + row * width, dGate,
                                          dGate + width, width);
        }
      });
    });
    return {dx};
  }
};

/// The tanh form of GELU.
struct GELU : torch::autograd::Function<GELU> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input) {
    const auto x = input.contiguous();
    context->save_for_backward({x});
    const auto out = at::empty(x.sizes(), x.options());
    withElement(x, [&](auto element) {
      using Element = decltype(element);
      forBlocks(x.numel(), elementGrain, [&](int64_t, int64_t begin, int64_t end) {
        loops<Element>().gelu(elements<Element>(x) + begin, elements<Element>(out) + begin, end - begin);
      });
    });
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto x = context->get_saved_variables()[0];
    const auto dOut = gradients[0].contiguous();
    const auto dx = at::empty(x.sizes(), x.options());
    withElement(x, [&](auto element) {
      using Element = decltype(element);
      forBlocks(x.numel(), elementGrain, [&](int64_t, int64_t begin, int64_t end) {
        loops<Element>().geluGradient(elements<Element>(x) + begin, elements<Element>(dOut) + begin,
                                      elements<Element>(dx) + begin, end - begin);
      });
    });
    return {dx};
  }
};

/// How the heads of a projection `[B, T, H + 2G, D]` lie, and where each group of them goes.
struct Heads {
  int64_t batch, time, width, counts[3];
  int64_t total() const { return counts[0] + counts[1] + counts[2]; }
};

/// Moves between the projection and queries, keys and values, turning queries and keys on the way.
template <typename Element>
void moveHeads(const Heads &heads, Element *projected, Element *const parts[3], const float *cosine, const float *sine,
               bool forward) {
  const int64_t half = heads.width / 2, grain = rowGrain(heads.total() * heads.width);
  forBlocks(heads.batch * heads.time, grain, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float *c = cosine + row % heads.time * half, *s = sine + row % heads.time * half;
      Element *whole = projected + row * heads.total() * heads.width;
      for (int part = 0; part < 3; part++) {
        const int64_t count = heads.counts[part] * heads.width;
        Element *apart = parts[part] + row * count;
        const Element *from = forward ? whole : apart;
        Element *to = forward ? apart : whole;
        if (part == 2) std::copy(from, from + count, to);
        else loops<Element>().rotate(from, to, heads.counts[part], half, c, s, forward ? 1.0f : -1.0f);
        whole += count;
      }
    }
  });
}

struct RotaryHeads : torch::autograd::Function<RotaryHeads> {
  static variable_list forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &cosine,
                               const at::Tensor &sine, int64_t queryHeads, int64_t keyValueHeads) {
    const auto x = input.contiguous();
    const Heads heads{x.size(0), x.size(1), x.size(3), {queryHeads, keyValueHeads, keyValueHeads}};
    const auto cosines = cosine.contiguous(), sines = sine.contiguous();
    context->save_for_backward({cosines, sines});
    variable_list parts;
    for (int64_t count : heads.counts) parts.push_back(at::empty({heads.batch, heads.time, count, heads.width}, x.options()));
    withElement(x, [&](auto element) {
      using Element = decltype(element);
      Element *const out[3] = {elements<Element>(parts[0]), elements<Element>(parts[1]), elements<Element>(parts[2])};
      moveHeads<Element>(heads, elements<Element>(x), out, elements<float>(cosines), elements<float>(sines), true);
    });
    return parts;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    for (auto &gradient : gradients) gradient = gradient.contiguous();
    const auto &q = gradients[0];
    const Heads heads{q.size(0), q.size(1), q.size(3), {q.size(2), gradients[1].size(2), gradients[2].size(2)}};
    const auto dx = at::empty({heads.batch, heads.time, heads.total(), heads.width}, q.options());
    withElement(q, [&](auto element) {
      using Element = decltype(element);
      Element *const parts[3] = {elements<Element>(q), elements<Element>(gradients[1]), elements<Element>(gradients[2])};
      moveHeads<Element>(heads, elements<Element>(dx), parts, elements<float>(saved[0]), elements<float>(saved[1]), false);
    });
    return {dx, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

GroveStatus swiglu(GroveTensorHandle x, GroveTensorHandle *out) {
  return guarded([&] {
    const auto input = tensor(x);
    TORCH_CHECK(input.dim() > 0 && input.size(-1) % 2 == 0, "the last axis of ", input.sizes(), " is not even");
    *out = handle(applied<SwiGLU>(input));
  });
}

GroveStatus gelu(GroveTensorHandle x, GroveTensorHandle *out) {
  return guarded([&] { *out = handle(applied<GELU>(tensor(x))); });
}

GroveStatus rotaryHeads(GroveTensorHandle projected, GroveTensorHandle cosine, GroveTensorHandle sine, int64_t heads,
                        int64_t keyValueHeads, GroveTensorHandle *out) {
  return guarded([&] {
    const auto x = tensor(projected), angles = tensor(cosine);
    TORCH_CHECK(x.dim() == 4 && x.size(2) == heads + 2 * keyValueHeads && x.size(3) % 2 == 0, "", x.sizes(),
                " does not hold ", heads, " + 2·", keyValueHeads, " heads of an even width");
    TORCH_CHECK(angles.dim() == 2 && angles.size(0) == x.size(1) && 2 * angles.size(1) == x.size(3) &&
                    angles.sizes() == tensor(sine).sizes() && angles.scalar_type() == at::kFloat,
                "angles of ", angles.sizes(), " do not fit ", x.sizes());
    const auto parts = applied<RotaryHeads>(x, angles, tensor(sine), heads, keyValueHeads);
    for (int part = 0; part < 3; part++) out[part] = handle(parts[part]);
  });
}

}  // namespace grove
