// Products of small tiles on the calling thread, by oneDNN's generated code inside libtorch.
#pragma once
#include <cstdint>

#include "Element.h"

namespace grove {

/// Whether tiles of this element type can be multiplied on this machine, with right factors packed as `Loops::pack` does.
template <typename Element>
bool multipliesTiles();

/// c[m, n] = a[m, k] · b[k, n], or adds to it. Leading dimensions are in elements of an unpacked row.
void tileProduct(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                 int64_t ldc, bool adds);
void tileProduct(int64_t m, int64_t n, int64_t k, const bfloat16 *a, int64_t lda, const bfloat16 *b, int64_t ldb,
                 float *c, int64_t ldc, bool adds);

/// Ends a run of tile products on this thread: processors with a matrix unit leave its mode.
void finishTiles();

}  // namespace grove
