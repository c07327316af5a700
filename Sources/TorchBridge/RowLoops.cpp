// Compiles the loops of decoding for each instruction set that is worth it, and chooses one when they are first used.
#include "RowLoops.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace grove {

#define GROVE_LANES 4
namespace baseline {
#include "RowBodies.h"
}

#ifdef __x86_64__
#undef GROVE_LANES
#define GROVE_LANES 8
#define GROVE_HALF_CONVERSION 1
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
namespace avx2 {
#include "RowBodies.h"
}
#pragma clang attribute pop

#undef GROVE_LANES
#define GROVE_LANES 16
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
namespace avx512 {
#include "RowBodies.h"
}
#pragma clang attribute pop

#define GROVE_BFLOAT16_PRODUCTS 1
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), apply_to = function)
namespace avx512bf16 {
#include "RowBodies.h"
}
#pragma clang attribute pop
#endif

namespace {

struct Tables {
  const RowLoops<float> &floats;
  const RowLoops<bfloat16> &bfloat16s;
  const QuantizedLoops &quantized;
};

Tables chosen() {
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool v4 = __builtin_cpu_supports("x86-64-v4");
  if (v4 && __builtin_cpu_supports("avx512bf16"))
    return {avx512bf16::table<float>, avx512bf16::table<bfloat16>, avx512bf16::quantizedTable};
  if (v4) return {avx512::table<float>, avx512::table<bfloat16>, avx512::quantizedTable};
  if (__builtin_cpu_supports("x86-64-v3"))
    return {avx2::table<float>, avx2::table<bfloat16>, avx2::quantizedTable};
#endif
  return {baseline::table<float>, baseline::table<bfloat16>, baseline::quantizedTable};
}

const Tables &tables() {
  static const Tables tables = chosen();
  return tables;
}

}  // namespace

template <>
const RowLoops<float> &rowLoops<float>() { return tables().floats; }
template <>
const RowLoops<bfloat16> &rowLoops<bfloat16>() { return tables().bfloat16s; }
const QuantizedLoops &quantizedLoops() { return tables().quantized; }

}  // namespace grove
