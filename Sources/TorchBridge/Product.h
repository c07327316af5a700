// Matrix products on the CPU, each in the library that is fastest at it.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>

namespace grove {

/// Writes a·b into `out`, or adds it there: `[M, K]`·`[K, N]`, each row-major or transposed, all of one dtype.
void product(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out, bool adds = false);

/// Rows of the left factor up to which a product of our own, bound by how fast the matrix is read, beats a library's.
constexpr int64_t fewRows = 16;

/// Whether `fewRowProduct` takes x `[M, in]` and weight `[out, in]`.
bool multipliesFewRows(const at::Tensor &x, const at::Tensor &weight);

/// Writes x · weightᵀ + bias into `out`, `[M, out]`; all of them contiguous, the bias of any dtype.
void fewRowProduct(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                   const at::Tensor &out);

}  // namespace grove
