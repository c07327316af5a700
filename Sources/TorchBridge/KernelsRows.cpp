// Products of a few rows, as decoding has them at every token.
#include <ATen/ops/empty.h>

#include "KernelSupport.h"
#include "Product.h"
#include "RowLoops.h"

namespace grove {
namespace {

/// Rows of a matrix that a thread takes at a time: an eighth of them, but no more than 256 KiB. Memory is read fastest in
/// long stretches.
int64_t matrixGrain(int64_t rows, int64_t rowBytes) {
  const int64_t most = std::max<int64_t>(1, (256 << 10) / std::max<int64_t>(rowBytes, 1));
  return std::max<int64_t>(8, std::min(rows / 8, most) & ~7);
}

/// Runs `sums(begin, count, memory)` for blocks of the matrix's rows and writes what it summed, with the bias, to `out`.
template <typename Element, typename Sums>
void writeProducts(const at::Tensor &out, const at::Tensor &bias, int64_t rowBytes, Sums &&sums) {
  const int64_t columns = out.size(0), rows = out.size(1), grain = matrixGrain(rows, rowBytes);
  const float *offsets = elements<float>(bias);
  forBlocks(rows, grain, [&](int64_t, int64_t begin, int64_t end) {
    static thread_local std::vector<float> memory;
    memory.resize(static_cast<size_t>((end - begin) * columns));
    sums(begin, end - begin, memory.data());
    for (int64_t column = 0; column < columns; column++) {
      Element *target = elements<Element>(out) + column * rows;
      for (int64_t row = begin; row < end; row++)
        target[row] = narrowed<Element>(memory[(row - begin) * columns + column] + (offsets ? offsets[row] : 0.0f));
    }
  });
}

at::Tensor floatBias(const std::optional<at::Tensor> &bias) {
  return bias ? bias->to(at::kFloat).contiguous() : at::Tensor();
}

/// `width` columns of rows of the matrix, in a dtype that products take.
template <typename Element>
void widenRows(const QuantizedRows &matrix, int64_t begin, int64_t end, int64_t width, Element *out) {
  static thread_local std::vector<float> memory;
  memory.resize(static_cast<size_t>(matrix.columns));
  for (int64_t row = begin; row < end; row++, out += width) {
    quantizedLoops().widen(matrix, row, memory.data());
    loops<Element>().narrow(memory.data(), out, width);
  }
}

at::Tensor widenedMatrix(const QuantizedRows &matrix, int64_t rows, int64_t width, const at::TensorOptions &options) {
  const auto out = at::empty({rows, width}, options);
  withElement(out, [&](auto element) {
    using Element = decltype(element);
    forBlocks(rows, rowGrain(matrix.columns), [&](int64_t, int64_t begin, int64_t end) {
      widenRows(matrix, begin, end, width, elements<Element>(out) + begin * width);
    });
  });
  return out;
}

/// x · matrixᵀ + bias, for at most `fewRows` rows of x, `[M, in]`.
template <typename Element>
void quantizedProduct(const at::Tensor &x, const QuantizedRows &matrix, const at::Tensor &bias, const at::Tensor &out) {
  const int64_t columns = x.size(0), width = x.size(1);
  if (columns <= fewColumns && std::is_same_v<Element, bfloat16>) {  // int16 would be coarser than float32
    const int64_t groups = matrix.columns / quantizedGroup;
    std::vector<int16_t> values(static_cast<size_t>(columns * matrix.columns));
    std::vector<float> scales(static_cast<size_t>(columns * groups)), row(static_cast<size_t>(width));
    for (int64_t column = 0; column < columns; column++) {
      const Element *from = elements<Element>(x) + column * width;
      for (int64_t i = 0; i < width; i++) row[i] = widened(from[i]);
      quantizedLoops().fix(row.data(), width, matrix.columns, values.data() + column * matrix.columns,
                           scales.data() + column * groups);
    }
    const FixedRows fixed{values.data(), scales.data()};
    return writeProducts<Element>(out, bias, matrix.columns, [&](int64_t begin, int64_t count, float *sums) {
      quantizedLoops().products(fixed, columns, matrix, begin, count, sums);
    });
  }
  writeProducts<Element>(out, bias, matrix.columns, [&](int64_t begin, int64_t count, float *sums) {
    constexpr int64_t step = 8;  // rows whose widened copy stays in the nearest cache
    static thread_local std::vector<Element> copy;
    copy.resize(static_cast<size_t>(step * width));
    for (int64_t row = 0; row < count; row += step) {
      const int64_t rows = std::min(step, count - row);
      widenRows(matrix, begin + row, begin + row + rows, width, copy.data());
      rowLoops<Element>().products(elements<Element>(x), columns, copy.data(), rows, width, sums + row * columns);
    }
  });
}

}  // namespace

bool multipliesFewRows(const at::Tensor &x, const at::Tensor &weight) {
  return x.size(0) <= fewRows && x.size(0) > 0 && weight.is_contiguous() && x.scalar_type() == weight.scalar_type() &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

void fewRowProduct(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                   const at::Tensor &out) {
  const auto offsets = floatBias(bias);
  const int64_t width = weight.size(1);
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    const Element *rows = elements<Element>(x), *matrix = elements<Element>(weight);
    writeProducts<Element>(out, offsets, width * static_cast<int64_t>(sizeof(Element)), [&](int64_t begin, int64_t count, float *sums) {
      rowLoops<Element>().products(rows, out.size(0), matrix + begin * width, count, width, sums);
    });
  });
}

GroveStatus quantizedLinear(GroveTensorHandle x_, GroveTensorHandle values_, GroveTensorHandle scales_,
                            GroveTensorHandle bias_, GroveTensorHandle *out_) {
  return guarded([&] {
    const auto x = tensor(x_).contiguous(), values = tensor(values_), scales = tensor(scales_);
    const auto bias = optional(bias_);
    TORCH_CHECK(values.dim() == 2 && values.scalar_type() == at::kChar && values.is_contiguous() &&
                    scales.scalar_type() == at::kHalf && scales.is_contiguous() &&
                    values.size(1) % quantizedGroup == 0 &&
                    scales.sizes() == at::IntArrayRef({values.size(0), values.size(1) / quantizedGroup}),
                "values of ", values.sizes(), " do not fit scales of ", scales.sizes());
    const int64_t width = x.dim() ? x.size(-1) : 0, rows = values.size(0);
    TORCH_CHECK(width <= values.size(1) && width > values.size(1) - quantizedGroup, "the last axis of ", x.sizes(),
                " does not fit a matrix of ", values.sizes());
    const QuantizedRows matrix{static_cast<const int8_t *>(values.const_data_ptr()),
                               static_cast<const uint16_t *>(scales.const_data_ptr()), values.size(1)};
    auto shape = x.sizes().vec();
    shape.back() = rows;
    const auto out = at::empty(shape, x.options());
    const auto flat = x.view({-1, width}), result = out.view({-1, rows});
    if (flat.size(0) > fewRows) {
      if (bias) result.copy_(bias->expand_as(result));
      product(flat, widenedMatrix(matrix, rows, width, x.options()).t(), result, bias.has_value());
    } else if (flat.size(0) > 0) {
      withElement(x, [&](auto element) { quantizedProduct<decltype(element)>(flat, matrix, floatBias(bias), result); });
    }
    *out_ = handle(out);
  });
}

}  // namespace grove
