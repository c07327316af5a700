#include "BlockProduct.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "KernelSupport.h"
#include "TileProduct.h"

namespace grove {
namespace {

constexpr int64_t panelWidth = 64;    // columns of the right factor that are packed together
constexpr int64_t depth = 1024;       // of a tile product: a panel of it stays in the second cache
constexpr int64_t chunkBytes = 16 << 20;  // of packed right factor at a time: it stays in the third

/// A row-major matrix, or the transpose of one.
struct Factor {
  const bfloat16 *start;
  int64_t stride;
  bool isTransposed;

  explicit Factor(const at::Tensor &x)
      : start(elements<bfloat16>(x)), stride(x.stride(1) == 1 ? x.stride(0) : x.stride(1)),
        isTransposed(x.stride(1) != 1) {}

  const bfloat16 *at(int64_t row, int64_t column) const {
    return isTransposed ? start + column * stride + row : start + row * stride + column;
  }
};

/// Memory of the calling thread, aligned and kept between calls.
template <typename Value, int slot>
Value *scratch(int64_t count) {
  static thread_local std::vector<char> memory;
  const size_t bytes = count * sizeof(Value) + 64;
  if (memory.size() < bytes) memory.resize(bytes);
  return reinterpret_cast<Value *>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
}

int64_t even(int64_t count) { return (count + 1) / 2 * 2; }

struct Product {
  Factor a, b;
  bfloat16 *out;
  int64_t rows, inner, columns, outStride;
  bool adds;

  Product(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out, bool adds)
      : a(a), b(b), out(elements<bfloat16>(out)), rows(a.size(0)), inner(a.size(1)), columns(b.size(1)),
        outStride(out.stride(0)), adds(adds) {}

  /// Rows of a block: enough of them for every thread.
  int64_t blockRows() const { return rows >= 1024 ? 128 : 64; }

  /// `[begin, begin + count)` of the inner dimension and some columns of the right factor.
  void packPanel(int64_t begin, int64_t count, int64_t column, int64_t width, bfloat16 *packed) const {
    const auto &loop = loops<bfloat16>();
    if (b.isTransposed) loop.packTransposed(b.at(begin, column), b.stride, width, count, packed);
    else loop.pack(b.at(begin, column), b.stride, count, width, packed);
  }

  /// Some rows of the left factor, row-major, and of an even number of columns: the packed rows come in pairs.
  const bfloat16 *leftRows(int64_t row, int64_t count, int64_t begin, int64_t width, int64_t &stride) const {
    if (!a.isTransposed && width % 2 == 0) {
      stride = a.stride;
      return a.at(row, begin);
    }
    stride = even(width) + 32;  // not a multiple of the page
    auto *copy = scratch<bfloat16, 0>(count * stride);
    if (a.isTransposed) loops<bfloat16>().transpose(a.at(row, begin), a.stride, width, count, copy, stride);
    else
      for (int64_t i = 0; i < count; i++) std::copy_n(a.at(row + i, begin), width, copy + i * stride);
    if (width % 2 != 0)
      for (int64_t i = 0; i < count; i++) copy[i * stride + width] = bfloat16{};
    return copy;
  }

  /// c = left · panel over `width` of the inner dimension, or adds it.
  static void multiply(int64_t count, int64_t width, int64_t columns, const bfloat16 *left, int64_t stride,
                       const bfloat16 *panel, float *c, int64_t cStride, bool adds) {
    for (int64_t k = 0; k < width; k += depth)
      tileProduct(count, columns, even(std::min(depth, width - k)), left + k, stride, panel + k * columns, columns, c,
                  cStride, adds || k > 0);
  }

  void write(float *c, int64_t row, int64_t column, int64_t count) const {
    bfloat16 *to = out + row * outStride + column;
    if (adds) loops<bfloat16>().add(c, to, c, count);
    loops<bfloat16>().narrow(c, to, count);
  }

  /// Where the result is wide: each thread packs the panels that it multiplies, and reads the whole left factor.
  void byColumns() const {
    forBlocks(columns, panelWidth, [&](int64_t, int64_t begin, int64_t end) {
      const int64_t width = end - begin, step = blockRows();
      auto *panel = scratch<bfloat16, 1>(even(inner) * width);
      auto *c = scratch<float, 2>(step * width);
      packPanel(0, inner, begin, width, panel);
      for (int64_t row = 0; row < rows; row += step) {
        const int64_t count = std::min(step, rows - row);
        int64_t stride;
        const auto *left = leftRows(row, count, 0, inner, stride);
        multiply(count, inner, width, left, stride, panel, c, width, false);
        for (int64_t i = 0; i < count; i++) write(c + i * width, row + i, begin, width);
      }
      finishTiles();
    });
  }

  /// Where it is tall: the right factor is packed once for all threads, a chunk of the inner dimension at a time.
  void byRows(const at::TensorOptions &options) const {
    const int64_t fitting = chunkBytes / (2 * columns) / depth * depth;
    const int64_t chunk = std::min(even(inner), std::max(depth, fitting));
    const auto packed = at::empty({chunk, columns}, options);
    // Sums that several chunks add to.
    const auto sums = chunk < inner ? at::empty({rows, columns}, options.dtype(at::kFloat)) : at::Tensor();
    for (int64_t begin = 0; begin < inner; begin += chunk) {
      const int64_t width = std::min(chunk, inner - begin);
      auto *panels = elements<bfloat16>(packed);
      forBlocks(columns, panelWidth, [&](int64_t, int64_t from, int64_t to) {
        packPanel(begin, width, from, to - from, panels + from * even(width));
      });
      forBlocks(rows, blockRows(), [&](int64_t, int64_t row, int64_t rowEnd) {
        const int64_t count = rowEnd - row;
        int64_t stride;
        const auto *left = leftRows(row, count, begin, width, stride);
        for (int64_t column = 0; column < columns; column += panelWidth) {
          const int64_t across = std::min(panelWidth, columns - column);
          const int64_t cStride = sums.defined() ? columns : across;
          auto *c = sums.defined() ? elements<float>(sums) + row * columns + column : scratch<float, 2>(count * across);
          multiply(count, width, across, left, stride, panels + column * even(width), c, cStride, begin > 0);
          if (begin + width < inner) continue;
          for (int64_t i = 0; i < count; i++) write(c + i * cStride, row + i, column, across);
        }
        finishTiles();
      });
    }
  }
};

}  // namespace

bool multipliesBlocks(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out) {
  return a.scalar_type() == at::kBFloat16 && a.size(1) >= longRows && a.size(0) >= 64 && b.size(1) >= 64 &&
         out.stride(1) == 1 && multipliesTiles<bfloat16>();
}

void blockProduct(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out, bool adds) {
  const Product product(a, b, out, adds);
  // A left factor that has to be turned is turned a block at a time, once.
  if (product.columns > product.rows && !product.a.isTransposed && product.inner % 2 == 0) product.byColumns();
  else product.byRows(a.options());
}

}  // namespace grove
