#include "TileProduct.h"

#include <c10/util/BFloat16.h>

#include <exception>
#include <vector>

#include "Loops.h"

// Declared here and weak, so that a libtorch without it still loads.
namespace at::native::cpublas {
#ifdef __x86_64__
__attribute__((weak)) void brgemm(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, const bool adds,
                                  const float *a, const float *b, float *c, bool packed);
__attribute__((weak)) void brgemm(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, const bool adds,
                                  const c10::BFloat16 *a, const c10::BFloat16 *b, float *c, bool packed);
__attribute__((weak)) void brgemm_release(bool packed);
#endif
}  // namespace at::native::cpublas

namespace grove {

#if defined(__x86_64__) && !defined(__APPLE__)
void tileProduct(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                 int64_t ldc, bool adds) {
  at::native::cpublas::brgemm(m, n, k, lda, ldb, ldc, adds, a, b, c, false);
}

void tileProduct(int64_t m, int64_t n, int64_t k, const bfloat16 *a, int64_t lda, const bfloat16 *b, int64_t ldb,
                 float *c, int64_t ldc, bool adds) {
  at::native::cpublas::brgemm(m, n, k, lda, ldb, ldc, adds, reinterpret_cast<const c10::BFloat16 *>(a),
                              reinterpret_cast<const c10::BFloat16 *>(b), c, true);
}

void finishTiles() {
  if (at::native::cpublas::brgemm_release) at::native::cpublas::brgemm_release(true);
}

/// libtorch does not say whether a machine has the packed product, and some versions then ignore the packing: so it is
/// tried on small integers, which every precision holds exactly.
template <typename Element>
static bool agrees() {
  constexpr int64_t size = 32;
  std::vector<Element> a(size * size), b(size * size), packed(size * size);
  for (int64_t i = 0; i < size * size; i++) {
    a[i] = narrowed<Element>(static_cast<float>(i * 7 % 5) - 2);
    b[i] = narrowed<Element>(static_cast<float>(i * 11 % 7) - 3);
  }
  loops<Element>().pack(b.data(), size, size, size, packed.data());
  std::vector<float> c(size * size);
  try {
    tileProduct(size, size, size, a.data(), size, packed.data(), size, c.data(), size, false);
  } catch (const std::exception &) {
    return false;
  }
  for (int64_t row = 0; row < size; row++)
    for (int64_t column = 0; column < size; column++) {
      float sum = 0;
      for (int64_t i = 0; i < size; i++) sum += widened(a[row * size + i]) * widened(b[i * size + column]);
      if (c[row * size + column] != sum) return false;
    }
  return true;
}

template <>
bool multipliesTiles<float>() {
  using Product = void (*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool, const float *, const float *, float *,
                           bool);
  static const bool works = static_cast<Product>(at::native::cpublas::brgemm) && agrees<float>();
  return works;
}

template <>
bool multipliesTiles<bfloat16>() {
  using Product = void (*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool, const c10::BFloat16 *,
                           const c10::BFloat16 *, float *, bool);
  static const bool works = static_cast<Product>(at::native::cpublas::brgemm) && agrees<bfloat16>();
  return works;
}
#else
void tileProduct(int64_t, int64_t, int64_t, const float *, int64_t, const float *, int64_t, float *, int64_t, bool) {}
void tileProduct(int64_t, int64_t, int64_t, const bfloat16 *, int64_t, const bfloat16 *, int64_t, float *, int64_t, bool) {}
void finishTiles() {}
template <>
bool multipliesTiles<float>() { return false; }
template <>
bool multipliesTiles<bfloat16>() { return false; }
#endif

}  // namespace grove
