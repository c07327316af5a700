// Attention in tiles: no more than one row of tiles of scores exists at a time, and tiles above the diagonal are skipped
// (Dao et al. 2022, arXiv:2205.14135, without the rescaling: a row of scores fits in the cache).
#include <ATen/ops/empty.h>

#include <cmath>
#include <cstring>

#include "KernelSupport.h"
#include "TileProduct.h"

namespace grove {
namespace {

constexpr int64_t tile = attentionTile;

/// One tensor `[B, H, T, D]` whose rows are contiguous.
template <typename Element>
struct HeadRows {
  Element *start;
  int64_t batchStride, headStride, rowStride;

  explicit HeadRows(const at::Tensor &x)
      : start(elements<Element>(x)), batchStride(x.stride(0)), headStride(x.stride(1)), rowStride(x.stride(2)) {}

  Element *row(int64_t batch, int64_t head, int64_t position) const {
    return start + batch * batchStride + head * headStride + position * rowStride;
  }
};

struct Sizes {
  int64_t batch, heads, groups, queries, keys, width;
  bool causal;
  float scale;

  Sizes(const at::Tensor &q, const at::Tensor &k, bool causal)
      : batch(q.size(0)), heads(q.size(1)), groups(k.size(1)), queries(q.size(2)), keys(k.size(2)), width(q.size(3)),
        causal(causal), scale(static_cast<float>(1 / std::sqrt(static_cast<double>(width)))) {}

  static int64_t padded(int64_t count) { return blockCount(count, tile) * tile; }
  /// Key tiles that the queries of a tile look at.
  int64_t keyTiles(int64_t queryTile) const { return causal ? queryTile + 1 : blockCount(keys, tile); }
};

/// Memory of the calling thread, kept between calls; the parts are handed out one after another.
class Workspace {
 public:
  template <typename Value>
  Value *take(int64_t count) {
    const size_t bytes = (count * sizeof(Value) + 63) / 64 * 64;
    TORCH_INTERNAL_ASSERT(next < partCount);
    auto &part = parts()[next++];
    if (part.size() < bytes + 64) part.resize(bytes + 64);
    return reinterpret_cast<Value *>((reinterpret_cast<uintptr_t>(part.data()) + 63) / 64 * 64);
  }

 private:
  static constexpr int partCount = 24;
  static std::vector<char> *parts() {
    static thread_local std::vector<char> memory[partCount];
    return memory;
  }
  int next = 0;
};

/// The rows of one head, and from one to the next.
template <typename Element>
struct Rows {
  const Element *start;
  int64_t stride;

  const Element *operator[](int64_t row) const { return start + row * stride; }
};

/// The rows of one head where they lie, or a copy with rows of zeros up to a whole tile.
template <typename Element>
Rows<Element> wholeTiles(const HeadRows<Element> &rows, int64_t batch, int64_t head, int64_t count, int64_t width,
                         Workspace &workspace) {
  const int64_t padded = Sizes::padded(count);
  if (padded == count) return {rows.row(batch, head, 0), rows.rowStride};
  auto *out = workspace.take<Element>(padded * width);
  for (int64_t row = 0; row < count; row++)
    std::memcpy(out + row * width, rows.row(batch, head, row), width * sizeof(Element));
  std::memset(out + count * width, 0, (padded - count) * width * sizeof(Element));
  return {out, width};
}

template <typename Element>
void attendHead(const Sizes &sizes, int64_t batch, int64_t head, const HeadRows<Element> &q, const HeadRows<Element> &k,
                const HeadRows<Element> &v, const HeadRows<Element> &out, float *logSums) {
  const auto &loop = loops<Element>();
  const int64_t group = head / (sizes.heads / sizes.groups), d = sizes.width;
  const int64_t keys = Sizes::padded(sizes.keys);
  Workspace workspace;
  const auto queries = wholeTiles(q, batch, head, sizes.queries, d, workspace);
  const auto keyRows = wholeTiles(k, batch, group, sizes.keys, d, workspace);
  const auto valueRows = wholeTiles(v, batch, group, sizes.keys, d, workspace);
  auto *keyColumns = workspace.take<Element>(keys * d);
  auto *values = workspace.take<Element>(keys * d);
  auto *scores = workspace.take<float>(tile * keys);
  auto *probabilities = workspace.take<Element>(tile * keys);
  auto *sums = workspace.take<float>(tile * d);
  const int64_t pair = sizeof(float) / sizeof(Element);  // elements that packing puts side by side
  loop.packTransposed(keyRows.start, keyRows.stride, keys, d, keyColumns);
  loop.pack(valueRows.start, valueRows.stride, keys, d, values);
  for (int64_t queryTile = 0; queryTile * tile < sizes.queries; queryTile++) {
    const int64_t first = queryTile * tile, keyTiles = sizes.keyTiles(queryTile);
    for (int64_t keyTile = 0; keyTile < keyTiles; keyTile++)
      tileProduct(tile, tile, d, queries[first], queries.stride, keyColumns + keyTile * tile * pair, keys,
                  scores + keyTile * tile, keys, false);
    float totals[tile];
    const int64_t count = std::min(tile, sizes.queries - first);
    for (int64_t row = 0; row < count; row++) {
      const int64_t seen = sizes.causal ? first + row + 1 : sizes.keys;
      logSums[first + row] = loop.attend(scores + row * keys, seen, keyTiles * tile, sizes.scale,
                                         probabilities + row * keys, totals[row]);
    }
    for (int64_t row = count; row < tile; row++)
      std::memset(probabilities + row * keys, 0, keyTiles * tile * sizeof(Element));
    for (int64_t keyTile = 0; keyTile < keyTiles; keyTile++)
      tileProduct(tile, d, tile, probabilities + keyTile * tile, keys, values + keyTile * tile * d, d, sums, d,
                  keyTile > 0);
    for (int64_t row = 0; row < count; row++) {
      Element *target = out.row(batch, head, first + row);
      const float factor = 1.0f / totals[row];
      for (int64_t i = 0; i < d; i++) target[i] = narrowed<Element>(sums[row * d + i] * factor);
    }
  }
}

/// The gradients' inputs and results.
template <typename Element>
struct GradientRows {
  HeadRows<Element> q, k, v, out, dOut, dq, dk, dv;
  const float *logSums;
};

/// What the heads of one group share: keys and values in the layouts that the products want, and their gradients.
template <typename Element>
struct GroupTiles {
  Rows<Element> keys, values;
  Element *keysTransposed;
  float *dKeys, *dValues;
};

template <typename Element>
void attendHeadGradient(const Sizes &sizes, int64_t batch, int64_t head, const GradientRows<Element> &rows,
                        const GroupTiles<Element> &group, Workspace workspace) {
  const auto &loop = loops<Element>();
  const int64_t d = sizes.width, padded = Sizes::padded(sizes.queries), keys = Sizes::padded(sizes.keys);
  const int64_t pair = sizeof(float) / sizeof(Element);
  const auto q = wholeTiles(rows.q, batch, head, sizes.queries, d, workspace);
  const auto dOut = wholeTiles(rows.dOut, batch, head, sizes.queries, d, workspace);
  auto *queryColumns = workspace.take<Element>(padded * d), *queryRows = workspace.take<Element>(padded * d);
  auto *dOutColumns = workspace.take<Element>(padded * d), *dOutRows = workspace.take<Element>(padded * d);
  auto *logSums = workspace.take<float>(padded), *delta = workspace.take<float>(padded);
  auto *scores = workspace.take<float>(tile * tile), *dProbabilities = workspace.take<float>(tile * tile);
  auto *probabilities = workspace.take<Element>(tile * tile), *dScores = workspace.take<Element>(tile * tile);
  auto *packed = workspace.take<Element>(tile * tile);
  auto *dQuery = workspace.take<float>(tile * d), *dQueryRows = workspace.take<float>(tile * d);
  loop.packTransposed(q.start, q.stride, padded, d, queryColumns);
  loop.pack(q.start, q.stride, padded, d, queryRows);
  loop.packTransposed(dOut.start, dOut.stride, padded, d, dOutColumns);
  loop.pack(dOut.start, dOut.stride, padded, d, dOutRows);
  for (int64_t row = 0; row < padded; row++) {
    const bool isThere = row < sizes.queries;
    logSums[row] = isThere ? rows.logSums[(batch * sizes.heads + head) * sizes.queries + row] : 1e30f;  // p = 0
    delta[row] = isThere ? loop.dot(dOut[row], rows.out.row(batch, head, row), d) : 0;
  }
  for (int64_t queryTile = 0; queryTile * tile < sizes.queries; queryTile++) {
    const int64_t first = queryTile * tile, keyTiles = sizes.keyTiles(queryTile);
    for (int64_t keyTile = 0; keyTile < keyTiles; keyTile++) {
      const int64_t key = keyTile * tile * d;
      tileProduct(tile, tile, d, group.keys[keyTile * tile], group.keys.stride, queryColumns + first * pair, padded, scores, tile, false);
      tileProduct(tile, tile, d, group.values[keyTile * tile], group.values.stride, dOutColumns + first * pair, padded,
                  dProbabilities, tile, false);
      loop.attendGradient(scores, dProbabilities, logSums + first, delta + first, sizes.scale,
                          sizes.causal && keyTile == queryTile, probabilities, dScores, packed);
      tileProduct(tile, d, tile, probabilities, tile, dOutRows + first * d, d, group.dValues + key, d, true);
      tileProduct(tile, d, tile, dScores, tile, queryRows + first * d, d, group.dKeys + key, d, true);
      tileProduct(d, tile, tile, group.keysTransposed + keyTile * tile, keys, packed, tile, dQuery, tile, keyTile > 0);
    }
    loops<float>().packTransposed(dQuery, tile, d, tile, dQueryRows);
    for (int64_t row = 0; row < std::min(tile, sizes.queries - first); row++)
      loop.narrow(dQueryRows + row * d, rows.dq.row(batch, head, first + row), d);
  }
}

/// All heads of one group, so that the gradients of their keys and values are summed in order.
template <typename Element>
void attendGroupGradient(const Sizes &sizes, int64_t batch, int64_t group, const GradientRows<Element> &rows) {
  const auto &loop = loops<Element>();
  const int64_t d = sizes.width, keys = Sizes::padded(sizes.keys), share = sizes.heads / sizes.groups;
  Workspace workspace;
  GroupTiles<Element> tiles;
  tiles.keys = wholeTiles(rows.k, batch, group, sizes.keys, d, workspace);
  tiles.values = wholeTiles(rows.v, batch, group, sizes.keys, d, workspace);
  auto *columns = workspace.take<Element>(keys * d);
  tiles.keysTransposed = workspace.take<Element>(keys * d);
  tiles.dKeys = workspace.take<float>(keys * d);
  tiles.dValues = workspace.take<float>(keys * d);
  loop.packTransposed(tiles.keys.start, tiles.keys.stride, keys, d, columns);
  loop.unpack(columns, d, keys, tiles.keysTransposed);
  std::memset(tiles.dKeys, 0, keys * d * sizeof(float));
  std::memset(tiles.dValues, 0, keys * d * sizeof(float));
  for (int64_t head = group * share; head < (group + 1) * share; head++)
    attendHeadGradient(sizes, batch, head, rows, tiles, workspace);
  for (int64_t row = 0; row < sizes.keys; row++) {
    loop.narrow(tiles.dKeys + row * d, rows.dk.row(batch, group, row), d);
    loop.narrow(tiles.dValues + row * d, rows.dv.row(batch, group, row), d);
  }
}

/// `[B, H, T, D]` in memory of `[B, T, H, D]`, which the next product wants.
at::Tensor headsLast(const at::Tensor &like) {
  return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

at::Tensor withContiguousRows(const at::Tensor &x) { return x.stride(3) == 1 ? x : x.contiguous(); }

struct Attention : torch::autograd::Function<Attention> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &q_, const at::Tensor &k_, const at::Tensor &v_,
                            bool causal) {
    const auto q = withContiguousRows(q_), k = withContiguousRows(k_), v = withContiguousRows(v_);
    const Sizes sizes(q, k, causal);
    const auto out = headsLast(q);
    const auto logSums = at::empty({sizes.batch, sizes.heads, sizes.queries}, q.options().dtype(at::kFloat));
    withElement(q, [&](auto element) {
      using Element = decltype(element);
      const HeadRows<Element> queries(q), keys(k), values(v), results(out);
      forBlocks(sizes.batch * sizes.heads, 1, [&](int64_t index, int64_t, int64_t) {
        attendHead(sizes, index / sizes.heads, index % sizes.heads, queries, keys, values, results,
                   elements<float>(logSums) + index * sizes.queries);
        finishTiles();
      });
    });
    context->save_for_backward({q, k, v, out, logSums});
    context->saved_data["causal"] = causal;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3];
    const Sizes sizes(q, k, context->saved_data["causal"].toBool());
    const auto dOut = withContiguousRows(gradients[0]);
    const auto dq = headsLast(q), dk = headsLast(k), dv = headsLast(v);
    withElement(q, [&](auto element) {
      using Element = decltype(element);
      const GradientRows<Element> rows{HeadRows<Element>(q),    HeadRows<Element>(k),  HeadRows<Element>(v),
                                       HeadRows<Element>(out),  HeadRows<Element>(dOut), HeadRows<Element>(dq),
                                       HeadRows<Element>(dk),   HeadRows<Element>(dv), elements<float>(saved[4])};
      forBlocks(sizes.batch * sizes.groups, 1, [&](int64_t index, int64_t, int64_t) {
        attendGroupGradient(sizes, index / sizes.groups, index % sizes.groups, rows);
        finishTiles();
      });
    });
    return {dq, dk, dv, at::Tensor()};
  }
};

}  // namespace

bool attends(int32_t dtype, int64_t width) {
  if (width % 16 != 0 || width == 0 || width > 256) return false;
  if (dtype == static_cast<int32_t>(at::kFloat)) return multipliesTiles<float>();
  return dtype == static_cast<int32_t>(at::kBFloat16) && multipliesTiles<bfloat16>();
}

GroveStatus attention(GroveTensorHandle q_, GroveTensorHandle k_, GroveTensorHandle v_, bool causal,
                      GroveTensorHandle *out) {
  return guarded([&] {
    const auto q = tensor(q_), k = tensor(k_), v = tensor(v_);
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
                    q.size(3) == k.size(3) && k.size(1) > 0 && q.size(1) % k.size(1) == 0,
                "queries of ", q.sizes(), " do not fit keys of ", k.sizes(), " and values of ", v.sizes());
    TORCH_CHECK(!causal || q.size(2) == k.size(2), "", q.size(2), " queries and ", k.size(2),
                " keys cannot be causal");
    TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(), "queries of ",
                q.scalar_type(), ", keys of ", k.scalar_type(), ", values of ", v.scalar_type());
    *out = handle(applied<Attention>(q, k, v, causal));
  });
}

}  // namespace grove
