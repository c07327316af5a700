// Compiles the loops for each instruction set that is worth it, and chooses one when the library is loaded.
#include "Loops.h"

namespace grove {

namespace baseline {
#include "LoopBodies.h"
}

#ifdef __x86_64__
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
namespace avx2 {
#include "LoopBodies.h"
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
namespace avx512 {
#include "LoopBodies.h"
}
#pragma clang attribute pop
#endif

template <typename Element>
static const Loops<Element> &chosen() {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return avx512::table<Element>;
  if (__builtin_cpu_supports("x86-64-v3")) return avx2::table<Element>;
#endif
  return baseline::table<Element>;
}

template <>
const Loops<float> &loops<float>() {
  static const Loops<float> &table = chosen<float>();
  return table;
}

template <>
const Loops<bfloat16> &loops<bfloat16>() {
  static const Loops<bfloat16> &table = chosen<bfloat16>();
  return table;
}

}  // namespace grove
