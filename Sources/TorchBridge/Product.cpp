#include "Product.h"

#include <ATen/Context.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>

#include <exception>

#include "BlockProduct.h"

#ifndef __APPLE__
namespace at::native {
// libtorch exports this entry without declaring it in its headers. Null where a build has no oneDNN.
__attribute__((weak)) void mkldnn_matmul(
    const Tensor &a, const Tensor &b, const Tensor &result, float beta, float alpha);
}  // namespace at::native
#endif

namespace grove {

#if defined(__x86_64__) && !defined(__APPLE__)
/// The entry refuses float32 too on a processor without AVX-512, so it is tried.
static bool oneDNNMultiplies() {
  if (!at::native::mkldnn_matmul || !at::globalContext().hasMKLDNN()) return false;
  const auto ones = at::ones({2, 2});
  try {
    at::native::mkldnn_matmul(ones, ones, at::empty({2, 2}), 0.0f, 1.0f);
  } catch (const std::exception &) {
    return false;
  }
  return true;
}
#endif

/// libtorch itself sends float32 to MKL, which runs at half of oneDNN's speed on AMD processors.
static bool oneDNNTakes(const at::Tensor &a) {
#if defined(__x86_64__) && !defined(__APPLE__)
  static const bool multiplies = oneDNNMultiplies();
  return multiplies && a.scalar_type() == at::kFloat && at::globalContext().userEnabledMkldnn();
#else
  return false;
#endif
}

void product(const at::Tensor &a, const at::Tensor &b, const at::Tensor &out, bool adds) {
  auto result = out;
  if (out.numel() == 0) return;
  if (a.size(1) == 0) {
    if (!adds) result.zero_();
    return;
  }
  if (multipliesBlocks(a, b, out)) return blockProduct(a, b, out, adds);
#ifndef __APPLE__
  if (oneDNNTakes(a)) return at::native::mkldnn_matmul(a, b, out, adds ? 1.0f : 0.0f, 1.0f);
#endif
  if (adds) at::addmm_out(result, out, a, b);
  else at::mm_out(result, a, b);
}

}  // namespace grove
