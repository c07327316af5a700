// Products of large bfloat16 matrices in blocks of tiles.
#pragma once
#include <ATen/core/Tensor.h>

namespace grove {

/// Inner dimension from which packing each factor once, for all threads, beats the library, which packs per call and thread.
constexpr int64_t longRows = 512;

/// Whether `blockProduct` takes a·b: bfloat16, long rows, more than a few of them, on a machine with tile products.
bool multipliesBlocks(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out);

/// Writes a·b into row-major `out`, or adds it there: `[M, K]`·`[K, N]`, each row-major or transposed. Sums are float32 and
/// rounded once; their order depends on the sizes alone.
void blockProduct(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out, bool adds);

}  // namespace grove
