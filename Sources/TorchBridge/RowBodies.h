// The bodies of RowLoops.h. Included once for each instruction set, in a namespace of its own.
// GROVE_LANES is how many float32 a register holds; GROVE_BFLOAT16_PRODUCTS says that pairs of bfloat16 can be multiplied
// and added in one instruction.

constexpr int64_t lanes = GROVE_LANES;

/// Registers of `V` elements.
template <int V>
struct Lanes {
  using Floats = float __attribute__((vector_size(4 * V)));
  using Words = uint32_t __attribute__((vector_size(4 * V)));
  using Halves = uint16_t __attribute__((vector_size(2 * V)));
};
using Floats = Lanes<GROVE_LANES>::Floats;

template <int V = GROVE_LANES>
GROVE_INLINE typename Lanes<V>::Floats load(const float *x) {
  typename Lanes<V>::Floats values;
  __builtin_memcpy(&values, x, sizeof values);
  return values;
}

template <int V = GROVE_LANES>
GROVE_INLINE typename Lanes<V>::Floats load(const bfloat16 *x) {
  typename Lanes<V>::Halves values;
  __builtin_memcpy(&values, x, sizeof values);
  return (typename Lanes<V>::Floats)(__builtin_convertvector(values, typename Lanes<V>::Words) << 16);
}

/// By halves: a plain loop over the lanes becomes a chain of scalar additions.
template <int V = GROVE_LANES>
GROVE_INLINE float total(typename Lanes<V>::Floats x) {
  if constexpr (V == 16)
    return total<8>(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15));
  else if constexpr (V == 8)
    return total<4>(__builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7));
  else if constexpr (V == 4)
    return total<2>(__builtin_shufflevector(x, x, 0, 1) + __builtin_shufflevector(x, x, 2, 3));
  else if constexpr (V == 2)
    return x[0] + x[1];
  else
    return x[0];
}

/// Elements that `accumulate` takes at a time.
template <typename Element>
constexpr int64_t stepWidth = lanes;

GROVE_INLINE void accumulate(Floats &sums, const float *a, const float *b) { sums += load(a) * load(b); }

#if GROVE_BFLOAT16_PRODUCTS
template <>
constexpr int64_t stepWidth<bfloat16> = 2 * lanes;

GROVE_INLINE void accumulate(Floats &sums, const bfloat16 *a, const bfloat16 *b) {
  __m512bh left, right;
  __builtin_memcpy(&left, a, sizeof left);
  __builtin_memcpy(&right, b, sizeof right);
  sums = (Floats)_mm512_dpbf16_ps((__m512)sums, left, right);
}
#else
GROVE_INLINE void accumulate(Floats &sums, const bfloat16 *a, const bfloat16 *b) { sums += load(a) * load(b); }
#endif

/// Σ a[j] · b[j] from i on, in the largest registers that are filled.
template <int V = GROVE_LANES, typename Element>
GROVE_INLINE float restProduct(const Element *a, const Element *b, int64_t i, int64_t width) {
  float sum = 0;
  for (; i + V <= width; i += V) sum += total<V>(load<V>(a + i) * load<V>(b + i));
  if constexpr (V > 1)
    if (i < width) sum += restProduct<V / 2>(a, b, i, width);
  return sum;
}

/// Where the product of a row of a matrix and a row of x goes.
struct Sums {
  float *start;
  int64_t rowStride, columnStride;
};

/// `R` rows of a matrix with `C` of x; a row of the matrix is read once.
template <int R, int C, typename Element>
GROVE_INLINE void tileProducts(const Element *x, int64_t xStride, const Element *weight, int64_t stride, int64_t width,
                               const Sums &sums, int64_t row) {
  constexpr int64_t step = stepWidth<Element>;
  Floats totals[R][C] = {};
  int64_t i = 0;
  for (; i + step <= width; i += step)
    for (int r = 0; r < R; r++) {
      // The next rows follow these; the processor's own prefetching does not see that in rows of a few lines.
      __builtin_prefetch(weight + (r + R) * stride + i);
      for (int c = 0; c < C; c++) accumulate(totals[r][c], weight + r * stride + i, x + c * xStride + i);
    }
  const auto place = [&](int r, int c) -> float & {
    return sums.start[(row + r) * sums.rowStride + c * sums.columnStride];
  };
  for (int r = 0; r < R; r++)
    for (int c = 0; c < C; c++) place(r, c) = total(totals[r][c]);
  if (i == width) return;
  for (int r = 0; r < R; r++)
    for (int c = 0; c < C; c++) place(r, c) += restProduct(x + c * xStride, weight + r * stride, i, width);
}

template <int C, typename Element>
GROVE_INLINE void columnProducts(const Element *x, int64_t xStride, const Element *weight, int64_t rows, int64_t stride,
                                 int64_t width, const Sums &sums) {
  // As many sums as there are registers for; a single column waits for memory, best a few kilobytes ahead.
  constexpr int R = C == 1 ? (sizeof(Element) == 2 ? 4 : 8) : lanes == 16 ? 4 : 2;
  int64_t row = 0;
  for (; row + R <= rows; row += R)
    tileProducts<R, C>(x, xStride, weight + row * stride, stride, width, sums, row);
  for (; row < rows; row++) tileProducts<1, C>(x, xStride, weight + row * stride, stride, width, sums, row);
}

/// Calls `body` with the smaller of `count` and 4 as a constant.
template <typename Body>
GROVE_INLINE void withCount(int64_t count, const Body &body) {
  switch (count) {
    case 1: return body(std::integral_constant<int, 1>());
    case 2: return body(std::integral_constant<int, 2>());
    case 3: return body(std::integral_constant<int, 3>());
    default: return body(std::integral_constant<int, 4>());
  }
}

template <typename Element>
void products(const Element *x, int64_t columns, const Element *weight, int64_t rows, int64_t width, float *sums) {
  // Few rows at a time: they stay in the nearest cache while the columns pass.
  const int64_t step = columns > 4 ? 8 : rows;
  for (int64_t row = 0; row < rows; row += step) {
    const int64_t count = rows - row < step ? rows - row : step;
    const Element *part = weight + row * width;
    for (int64_t column = 0; column < columns; column += 4)
      withCount(columns - column, [&](auto together) {
        const Sums out{sums + row * columns + column, columns, 1};
        columnProducts<together>(x + column * width, width, part, count, width, width, out);
      });
  }
}

/// For each of `C` queries and `W` registers of `V` elements from `at`: factor · Σ weight[i] · values[i].
template <int C, int W, int V, typename Element>
GROVE_INLINE void weightedPart(const float *weights, const SeenRows<Element> &seen, int64_t at, const float *factors,
                               Element *out, int64_t stride) {
  typename Lanes<V>::Floats sums[C][W] = {};
  const Element *row = seen.values + at;
  for (int64_t i = 0; i < seen.count; i++, row += seen.valueStride)
    for (int j = 0; j < W; j++) {
      const auto values = load<V>(row + j * V);
      for (int c = 0; c < C; c++) sums[c][j] += weights[c * seen.count + i] * values;
    }
  for (int c = 0; c < C; c++)
    for (int j = 0; j < W; j++)
      for (int lane = 0; lane < V; lane++)
        out[c * stride + at + j * V + lane] = narrowed<Element>(sums[c][j][lane] * factors[c]);
}

/// From `at` to the width, in the largest registers that the width fills. The last one starts early enough to be full.
template <int C, int V, typename Element>
GROVE_INLINE void weightedRest(const float *weights, const SeenRows<Element> &seen, int64_t at, const float *factors,
                               Element *out, int64_t stride) {
  if constexpr (V > 1)
    if (seen.width < V) return weightedRest<C, V / 2>(weights, seen, at, factors, out, stride);
  for (; at < seen.width; at += V)
    weightedPart<C, 1, V>(weights, seen, at + V <= seen.width ? at : seen.width - V, factors, out, stride);
}

template <int C, typename Element>
GROVE_INLINE void weightedSums(const float *weights, const SeenRows<Element> &seen, const float *factors, Element *out,
                               int64_t stride) {
  constexpr int wide = lanes < 16 && C > 2 ? 2 : 4;  // as many sums as there are registers for
  int64_t at = 0;
  for (; at + wide * lanes <= seen.width; at += wide * lanes)
    weightedPart<C, wide, lanes>(weights, seen, at, factors, out, stride);
  weightedRest<C, GROVE_LANES>(weights, seen, at, factors, out, stride);
}

/// Puts exponentials in the place of scores; their sum.
GROVE_INLINE float exponentials(float *scores, int64_t count, float scale) {
  float largest = scores[0];
  for (int64_t i = 1; i < count; i++) largest = scores[i] > largest ? scores[i] : largest;
  {
    float *__restrict values = scores;
    for (int64_t i = 0; i < count; i++) values[i] = exponential(scale * (values[i] - largest));
  }
  Floats sums = {};
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) sums += load(scores + i);
  float sum = total(sums);
  for (; i < count; i++) sum += scores[i];
  return sum;
}

template <typename Element>
void attend(const Element *queries, int64_t count, int64_t stride, const SeenRows<Element> &seen, float scale,
            float *scores, Element *out) {
  withCount(count, [&](auto together) {
    columnProducts<together>(queries, stride, seen.keys, seen.count, seen.keyStride, seen.width,
                             Sums{scores, 1, seen.count});
    float factors[together];
    for (int c = 0; c < together; c++) factors[c] = 1.0f / exponentials(scores + c * seen.count, seen.count, scale);
    weightedSums<together>(scores, seen, factors, out, stride);
  });
}

GROVE_INLINE float scaleOf(uint16_t bits) {
#if GROVE_HALF_CONVERSION
  return _cvtsh_ss(bits);
#else
  // The scale's exponent moves from 5 to 8 bits; the product repairs its bias, for subnormals too.
  const float magnitude = std::bit_cast<float>(uint32_t(bits & 0x7fff) << 13) * 0x1p112f;
  return bits & 0x8000 ? -magnitude : magnitude;
#endif
}

GROVE_INLINE void widenScales(const uint16_t *scales, int64_t count, float *out) {
  int64_t i = 0;
#if GROVE_HALF_CONVERSION
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(scales + i))));
  for (; i + 4 <= count; i += 4)
    _mm_storeu_ps(out + i, _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(scales + i))));
#endif
  for (; i < count; i++) out[i] = scaleOf(scales[i]);
}

/// Sums of products of one group, spread over the lanes.
GROVE_INLINE Floats groupProducts(const int8_t *weights, const int16_t *x) {
#if GROVE_LANES == 16
  const __m512i wide = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(weights)));
  return (Floats)_mm512_cvtepi32_ps(_mm512_madd_epi16(wide, _mm512_loadu_si512(x)));
#elif GROVE_LANES == 8
  __m256i sums = _mm256_setzero_si256();
  for (int half = 0; half < 32; half += 16) {
    const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(weights + half)));
    const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(x + half));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(wide, values));
  }
  return (Floats)_mm256_cvtepi32_ps(sums);
#else
  int32_t __attribute__((vector_size(4 * GROVE_LANES))) sums = {};
  for (int i = 0; i < quantizedGroup; i += lanes)
    for (int lane = 0; lane < lanes; lane++) sums[lane] += int32_t(weights[i + lane]) * x[i + lane];
  return __builtin_convertvector(sums, Floats);
#endif
}

template <int R, int C>
GROVE_INLINE void quantizedTile(const FixedRows &x, const QuantizedRows &matrix, int64_t row, float *sums) {
  constexpr int64_t chunk = 32;  // groups whose scales are widened together
  constexpr int64_t ahead = 12288;  // bytes; nearer than that, the memory was waited for
  const int64_t groups = matrix.columns / quantizedGroup;
  const int8_t *values = matrix.values + row * matrix.columns;
  const uint16_t *scales = matrix.scales + row * groups;
  Floats totals[R][C] = {};
  float ofRow[chunk], ofBoth[R][C][chunk];
  for (int64_t first = 0; first < groups; first += chunk) {
    const int64_t count = groups - first < chunk ? groups - first : chunk;
    for (int r = 0; r < R; r++) {
      widenScales(scales + r * groups + first, count, ofRow);
      for (int c = 0; c < C; c++)
        for (int64_t group = 0; group < count; group++)
          ofBoth[r][c][group] = ofRow[group] * x.scales[c * groups + first + group];
    }
    for (int64_t group = 0; group < count; group++) {
      const int64_t at = (first + group) * quantizedGroup;
      for (int r = 0; r < R; r++) {
        const int8_t *part = values + r * matrix.columns + at;
        __builtin_prefetch(part + ahead);
        for (int c = 0; c < C; c++)
          totals[r][c] += groupProducts(part, x.values + c * matrix.columns + at) * ofBoth[r][c][group];
      }
    }
  }
  for (int r = 0; r < R; r++)
    for (int c = 0; c < C; c++) sums[r * C + c] = total(totals[r][c]);
}

template <int C>
GROVE_INLINE void quantizedColumns(const FixedRows &x, const QuantizedRows &matrix, int64_t begin, int64_t rows,
                                   float *sums) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) quantizedTile<4, C>(x, matrix, begin + row, sums + row * C);
  for (; row < rows; row++) quantizedTile<1, C>(x, matrix, begin + row, sums + row * C);
}

inline void quantizedProducts(const FixedRows &x, int64_t columns, const QuantizedRows &matrix, int64_t begin,
                              int64_t rows, float *sums) {
  switch (columns) {
    case 3: return quantizedColumns<3>(x, matrix, begin, rows, sums);
    case 2: return quantizedColumns<2>(x, matrix, begin, rows, sums);
    default: return quantizedColumns<1>(x, matrix, begin, rows, sums);
  }
}

inline void fix(const float *x, int64_t width, int64_t columns, int16_t *values, float *scales) {
  for (int64_t first = 0; first < columns; first += quantizedGroup) {
    const int64_t count = width - first < quantizedGroup ? width - first : quantizedGroup;
    float largest = 0, poison = 0;
    for (int64_t i = 0; i < count; i++) {
      const float magnitude = __builtin_fabsf(x[first + i]);
      largest = magnitude > largest ? magnitude : largest;
      poison += 0.0f * magnitude;  // NaN from infinity and NaN
    }
    scales[first / quantizedGroup] = largest / 32767.0f + poison;
    const float factor = largest > 0 && poison == 0 ? 32767.0f / largest : 0.0f;
    for (int64_t i = 0; i < quantizedGroup; i++) {
      const float value = i < count && poison == 0 ? x[first + i] * factor : 0.0f;
      // 1.5·2²³: adding it leaves a rounded integer in the low bits.
      values[first + i] = static_cast<int16_t>(std::bit_cast<uint32_t>(value + 12582912.0f));
    }
  }
}

inline void widen(const QuantizedRows &matrix, int64_t row, float *__restrict out) {
  const int64_t groups = matrix.columns / quantizedGroup;
  const int8_t *__restrict values = matrix.values + row * matrix.columns;
  for (int64_t group = 0; group < groups; group++) {
    const float scale = scaleOf(matrix.scales[row * groups + group]);
    for (int64_t i = 0; i < quantizedGroup; i++)
      out[group * quantizedGroup + i] = scale * static_cast<float>(values[group * quantizedGroup + i]);
  }
}

template <typename Element>
constexpr RowLoops<Element> table = {.products = products<Element>, .attend = attend<Element>};
constexpr QuantizedLoops quantizedTable = {.fix = fix, .products = quantizedProducts, .widen = widen};
