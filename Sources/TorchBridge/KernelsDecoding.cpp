// Attention of a few new positions over the keys of the whole text, as decoding has it at every token.
#include <ATen/ops/empty.h>

#include <cmath>

#include "KernelSupport.h"
#include "RowLoops.h"

namespace grove {
namespace {

/// Queries `[B, H, T, D]` over keys and values `[B, G, S, D]`, rows of D apart as the strides say; query t of T sees the
/// keys up to S − T + t.
template <typename Element>
struct Seeing {
  const Element *queries, *keys, *values;
  Element *out;
  int64_t queryStrides[3];  // of batch, head and position, for queries and out alike
  int64_t keyStrides[3], valueStrides[3];
  int64_t batch, heads, groups, count, seen, width;

  void run() const {
    const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
    // Heads that share keys and values go together, in parts of about the same size.
    const int64_t shared = heads / groups, parts = (shared + sharedQueries - 1) / sharedQueries;
    const int64_t together = (shared + parts - 1) / parts;
    const int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(seen * width * together, 1));
    forBlocks(batch * groups * parts * count, grain, [&](int64_t, int64_t begin, int64_t end) {
      static thread_local std::vector<float> scores;
      if (scores.size() < static_cast<size_t>(seen * together)) scores.resize(seen * together);
      for (int64_t item = begin; item < end; item++) {
        const int64_t at = item % count, part = item / count % parts;
        const int64_t group = item / count / parts % groups, text = item / count / parts / groups;
        const int64_t first = part * together, head = group * shared + first;
        const int64_t query = text * queryStrides[0] + head * queryStrides[1] + at * queryStrides[2];
        const SeenRows<Element> rows{keys + text * keyStrides[0] + group * keyStrides[1],
                                     values + text * valueStrides[0] + group * valueStrides[1],
                                     keyStrides[2], valueStrides[2], seen - count + at + 1, width};
        rowLoops<Element>().attend(queries + query, std::min(together, shared - first), queryStrides[1], rows, scale,
                                   scores.data(), out + query);
      }
    });
  }
};

/// Turns queries and keys out of a projection `[B, T, (H + 2G)·D]`, and puts the keys and values into the cache.
template <typename Element>
void storeHeads(const GroveCachedAttention &arguments, const at::Tensor &projected, const at::Tensor &keys,
                const at::Tensor &values, Element *queries) {
  const int64_t groups = keys.size(1), width = keys.size(3), heads = arguments.heads, count = projected.size(1);
  const auto cosine = tensor(arguments.cosine), sine = tensor(arguments.sine);
  const int64_t half = width / 2, row = (heads + 2 * groups) * width;
  forBlocks(projected.size(0) * count, rowGrain(row), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; item++) {
      const int64_t text = item / count, at = item % count;
      const Element *from = elements<Element>(projected) + item * row;
      const auto turn = [&](const Element *x, Element *out, int64_t count) {
        if (!cosine.defined()) return void(std::copy(x, x + count * width, out));
        loops<Element>().rotate(x, out, count, half, elements<float>(cosine) + at * half, elements<float>(sine) + at * half,
                                1.0f);
      };
      turn(from, queries + item * heads * width, heads);
      from += heads * width;
      const int64_t place = (arguments.position + at) * width;
      for (int64_t group = 0; group < groups; group++, from += width) {
        turn(from, elements<Element>(keys) + text * keys.stride(0) + group * keys.stride(1) + place, 1);
        std::copy(from + groups * width, from + (groups + 1) * width,
                  elements<Element>(values) + text * values.stride(0) + group * values.stride(1) + place);
      }
    }
  });
}

void copyStrides(const at::Tensor &tensor, int64_t *strides) {
  for (int axis = 0; axis < 3; axis++) strides[axis] = tensor.stride(axis);
}

void checkCache(const GroveCachedAttention &arguments) {
  const auto &projected = tensor(arguments.projected), &keys = tensor(arguments.keys), &values = tensor(arguments.values);
  const auto dtype = projected.scalar_type();
  TORCH_CHECK(keys.dim() == 4 && keys.is_contiguous() && values.is_contiguous() && keys.sizes() == values.sizes() &&
                  keys.scalar_type() == dtype && values.scalar_type() == dtype && keys.size(1) > 0,
              "no cache for ", dtype, ": keys of ", keys.sizes(), ", values of ", values.sizes());
  TORCH_CHECK(projected.dim() == 3 && projected.size(0) == keys.size(0) && arguments.heads % keys.size(1) == 0 &&
                  projected.size(2) == (arguments.heads + 2 * keys.size(1)) * keys.size(3),
              "a projection of ", projected.sizes(), " does not fit a cache of ", keys.sizes());
  TORCH_CHECK(arguments.position >= 0 && arguments.position + projected.size(1) <= keys.size(2), "positions ",
              arguments.position, " to ", arguments.position + projected.size(1), " do not fit in ", keys.size(2));
  const auto cosine = tensor(arguments.cosine), sine = tensor(arguments.sine);
  TORCH_CHECK(cosine.defined() == sine.defined(), "angles need cosines and sines");
  const int64_t size[] = {projected.size(1), keys.size(3) / 2};
  const at::IntArrayRef angles(size);
  TORCH_CHECK(!cosine.defined() || (keys.size(3) % 2 == 0 && cosine.sizes() == angles && sine.sizes() == angles &&
                                    cosine.scalar_type() == at::kFloat && sine.scalar_type() == at::kFloat &&
                                    cosine.is_contiguous() && sine.is_contiguous()),
              "angles of ", cosine.sizes(), " do not fit ", projected.size(1), " heads of width ", keys.size(3));
}

}  // namespace

GroveStatus cachedAttention(const GroveCachedAttention *arguments, GroveTensorHandle *out_) {
  return guarded([&] {
    checkCache(*arguments);
    const auto projected = tensor(arguments->projected).contiguous();
    const auto keys = tensor(arguments->keys), values = tensor(arguments->values);
    const int64_t heads = arguments->heads, width = keys.size(3), count = projected.size(1);
    const auto out = at::empty({projected.size(0), count, heads * width}, projected.options());
    withElement(projected, [&](auto element) {
      using Element = decltype(element);
      // A query gives way to what it found.
      storeHeads<Element>(*arguments, projected, keys, values, elements<Element>(out));
      Seeing<Element> work{elements<Element>(out), elements<Element>(keys), elements<Element>(values),
                           elements<Element>(out), {count * heads * width, width, heads * width}};
      copyStrides(keys, work.keyStrides);
      copyStrides(values, work.valueStrides);
      work.batch = projected.size(0), work.heads = heads, work.groups = keys.size(1), work.count = count;
      work.seen = arguments->position + count, work.width = width;
      work.run();
    });
    *out_ = handle(out);
  });
}

/// Query t of T sees the keys up to S − T + t.
GroveStatus lastQueries(GroveTensorHandle q_, GroveTensorHandle k_, GroveTensorHandle v_, GroveTensorHandle *out_) {
  return guarded([&] {
    const auto q = tensor(q_).contiguous();
    auto k = tensor(k_), v = tensor(v_);
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
                    q.size(3) == k.size(3) && k.size(1) > 0 && q.size(1) % k.size(1) == 0 && q.size(2) <= k.size(2) &&
                    q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(),
                "queries of ", q.sizes(), " do not fit keys of ", k.sizes(), " and values of ", v.sizes());
    if (k.stride(3) != 1) k = k.contiguous();
    if (v.stride(3) != 1) v = v.contiguous();
    const auto out = at::empty(q.sizes(), q.options());
    withElement(q, [&](auto element) {
      using Element = decltype(element);
      Seeing<Element> work{elements<Element>(q), elements<Element>(k), elements<Element>(v), elements<Element>(out)};
      copyStrides(q, work.queryStrides);
      copyStrides(k, work.keyStrides);
      copyStrides(v, work.valueStrides);
      work.batch = q.size(0), work.heads = q.size(1), work.groups = k.size(1), work.count = q.size(2);
      work.seen = k.size(2), work.width = q.size(3);
      work.run();
    });
    *out_ = handle(out);
  });
}

}  // namespace grove
