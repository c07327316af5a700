#include "BlockProduct.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "KernelSupport.h"
#include "TileProduct.h"

namespace grove {
namespace {

constexpr int64_t panelWidth = 64;        // columns of the right factor that are packed together
constexpr int64_t depth = 1024;           // of a tile product: a panel of it stays in the second cache
constexpr int64_t chunkBytes = 16 << 20;  // of packed right factor at a time: it stays in the third

/// A row-major matrix, or the transpose of one.
struct Factor {
  const bfloat16 *start;
  int64_t stride;
  bool isTransposed;

  explicit Factor(const at::Tensor &x)
      : start(elements<bfloat16>(x)), stride(x.stride(1) == 1 ? x.stride(0) : x.stride(1)),
        isTransposed(x.stride(1) != 1) {}
  Factor(const bfloat16 *start, int64_t stride, bool isTransposed = false)
      : start(start), stride(stride), isTransposed(isTransposed) {}

  Factor transposed() const { return Factor(start, stride, !isTransposed); }

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

/// What a product writes: rows of `out`, or its columns where the product was turned.
struct Result {
  bfloat16 *start;
  int64_t stride;
  bool isTransposed, adds;

  /// Rounds a tile `[rows, columns]` of float32 sums into its place.
  void write(const float *c, int64_t cStride, int64_t row, int64_t column, int64_t rows, int64_t columns) const {
    const auto &loop = loops<bfloat16>();
    if (!isTransposed) {
      for (int64_t i = 0; i < rows; i++, c += cStride) {
        bfloat16 *to = start + (row + i) * stride + column;
        const float *sums = c;
        if (adds) {
          auto *both = scratch<float, 0>(columns);
          loop.add(c, to, both, columns);
          sums = both;
        }
        loop.narrow(sums, to, columns);
      }
      return;
    }
    auto *rounded = scratch<bfloat16, 3>(rows * columns);
    for (int64_t i = 0; i < rows; i++) loop.narrow(c + i * cStride, rounded + i * columns, columns);
    loop.transpose(rounded, columns, rows, columns, start + column * stride + row, stride);
  }
};

struct Product {
  Factor a, b;
  Result out;
  int64_t rows, inner, columns;

  /// Rows of a block: enough of them for every thread.
  int64_t blockRows() const { return rows >= 1024 ? 128 : 64; }

  /// `[begin, begin + count)` of the inner dimension and some columns of the right factor.
  void packPanel(int64_t begin, int64_t count, int64_t column, int64_t width, bfloat16 *packed) const {
    const auto &loop = loops<bfloat16>();
    if (b.isTransposed) loop.packTransposed(b.at(begin, column), b.stride, width, count, packed);
    else loop.pack(b.at(begin, column), b.stride, count, width, packed);
  }

  /// The left factor row-major; a copy where it is not so.
  Factor left(at::Tensor &copy, const at::TensorOptions &options) const {
    if (!a.isTransposed) return a;
    const int64_t stride = inner + 32;  // not a multiple of the page
    copy = at::empty({rows, stride}, options);
    auto *to = elements<bfloat16>(copy);
    forBlocks(rows, 64, [&](int64_t, int64_t begin, int64_t end) {
      loops<bfloat16>().transpose(a.at(begin, 0), a.stride, inner, end - begin, to + begin * stride, stride);
    });
    return Factor(to, stride);
  }

  /// c = left · panel over `width` of the inner dimension, or adds it.
  static void multiply(int64_t count, int64_t width, int64_t columns, const bfloat16 *left, int64_t stride,
                       const bfloat16 *panel, float *c, int64_t cStride, bool adds) {
    for (int64_t k = 0; k < width; k += depth)
      tileProduct(count, columns, std::min(depth, width - k), left + k, stride, panel + k * columns, columns, c,
                  cStride, adds || k > 0);
  }

  /// Where the result is wide: each thread packs the panels that it multiplies, and reads the whole left factor.
  void byColumns(const Factor &left) const {
    forBlocks(columns, panelWidth, [&](int64_t, int64_t begin, int64_t end) {
      const int64_t width = end - begin, step = blockRows();
      auto *panel = scratch<bfloat16, 1>(even(inner) * width);
      auto *c = scratch<float, 2>(step * width);
      packPanel(0, inner, begin, width, panel);
      for (int64_t row = 0; row < rows; row += step) {
        const int64_t count = std::min(step, rows - row);
        multiply(count, inner, width, left.at(row, 0), left.stride, panel, c, width, false);
        out.write(c, width, row, begin, count, width);
      }
      finishTiles();
    });
  }

  /// Where it is tall: the right factor is packed once for all threads, a chunk of the inner dimension at a time.
  void byRows(const Factor &left, const at::TensorOptions &options) const {
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
        for (int64_t column = 0; column < columns; column += panelWidth) {
          const int64_t across = std::min(panelWidth, columns - column);
          const int64_t cStride = sums.defined() ? columns : across;
          auto *c = sums.defined() ? elements<float>(sums) + row * columns + column : scratch<float, 2>(count * across);
          multiply(count, width, across, left.at(row, begin), left.stride, panels + column * even(width), c, cStride,
                   begin > 0);
          if (begin + width == inner) out.write(c, cStride, row, column, count, across);
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
  const int64_t rows = a.size(0), inner = a.size(1), columns = b.size(1);
  Product product{Factor(a), Factor(b), {elements<bfloat16>(out), out.stride(0), false, adds}, rows, inner, columns};
  // Turning a factor costs more than packing it: the smaller one is turned, and the result as it is written.
  if (product.a.isTransposed && !product.b.isTransposed && columns < rows && !adds)
    product = {product.b.transposed(), product.a.transposed(), {product.out.start, product.out.stride, true, false},
               columns, inner, rows};
  at::Tensor copy;
  const Factor left = product.left(copy, a.options());
  if (product.columns > product.rows) product.byColumns(left);
  else product.byRows(left, a.options());
}

}  // namespace grove
