// Matrix products on the CPU, each in the library that is fastest at it.
#pragma once
#include <ATen/core/Tensor.h>

namespace grove {

/// Writes a·b into `out`, or adds it there: `[M, K]`·`[K, N]`, each row-major or transposed, all of one dtype.
void product(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out, bool adds = false);

}  // namespace grove
