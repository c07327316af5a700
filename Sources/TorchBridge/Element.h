// The two element types of the kernels, and the elementary functions that vectorise.
#pragma once
#include <bit>
#include <cstdint>

#define GROVE_INLINE inline __attribute__((always_inline))

namespace grove {

/// The upper half of a float32.
struct bfloat16 {
  uint16_t bits;
};

GROVE_INLINE float widened(float value) { return value; }
GROVE_INLINE float widened(bfloat16 value) { return std::bit_cast<float>(uint32_t(value.bits) << 16); }

template <typename Element>
Element narrowed(float value);
template <>
GROVE_INLINE float narrowed<float>(float value) {
  return value;
}
/// Rounds to nearest, ties to even.
template <>
GROVE_INLINE bfloat16 narrowed<bfloat16>(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return {static_cast<uint16_t>(value != value ? 0x7fc0 : rounded)};
}

/// eˣ to 2 units in the last place; 0 below −87, and never above e⁸⁸.
GROVE_INLINE float exponential(float x) {
  constexpr float log2e = 1.44269504f, high = 0.693359375f, low = -2.12194440e-4f;  // high + low = ln 2
  constexpr float magic = 12582912.0f;  // 1.5·2²³: adding it leaves a rounded integer in the low bits
  const float clamped = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float shifted = clamped * log2e + magic;
  const float n = shifted - magic;
  const float r = (clamped - n * high) - n * low;
  float p = 1.9875691500e-4f;  // minimax polynomial of (eʳ − 1 − r) / r² on [−ln 2 / 2, ln 2 / 2]; Moshier, Cephes
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float power = p * r * r + r + 1.0f;
  const float scale = std::bit_cast<float>((std::bit_cast<uint32_t>(shifted) + 127u) << 23);
  return x < -87.0f ? 0.0f : power * scale;
}

GROVE_INLINE float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

}  // namespace grove
