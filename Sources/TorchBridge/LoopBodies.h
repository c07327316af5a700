// The bodies of Loops.h. Included once for each instruction set, in a namespace of its own; plain loops that the compiler
// turns into vector code.

template <typename Element>
double sumOfSquares(const Element *values, int64_t count) {
#pragma clang fp reassociate(on)
  double total = 0;
  for (int64_t i = 0; i < count; i++) {
    const double value = widened(values[i]);
    total += value * value;
  }
  return total;
}

/// Loshchilov and Hutter 2019 (arXiv:1711.05101), in the order of operations of PyTorch.
template <typename Element, bool copies>
void adamwElements(const GroveAdamWParameter &parameter, int64_t begin, int64_t end, const AdamWFactors &factors) {
  const AdamWFactors f = factors;
  const float decay = 1.0f - f.learningRate * parameter.weightDecay;
  const auto *__restrict gradient = static_cast<const Element *>(parameter.gradient);
  float *__restrict master = parameter.master;
  float *__restrict mean = parameter.mean;
  float *__restrict square = parameter.square;
  auto *__restrict working = static_cast<bfloat16 *>(parameter.working);
  for (int64_t i = begin; i < end; i++) {
    const float g = widened(gradient[i]) * f.gradientScale;
    const float m = mean[i] + (1.0f - f.beta1) * (g - mean[i]);
    const float v = f.beta2 * square[i] + (1.0f - f.beta2) * g * g;
    const float value = master[i] * decay - f.stepSize * m / (__builtin_sqrtf(v) * f.squareCorrection + f.epsilon);
    mean[i] = m;
    square[i] = v;
    master[i] = value;
    if constexpr (copies) working[i] = narrowed<bfloat16>(value);
  }
}

template <typename Element>
void adamw(const GroveAdamWParameter &parameter, int64_t begin, int64_t end, const AdamWFactors &factors) {
  if (parameter.working) adamwElements<Element, true>(parameter, begin, end, factors);
  else adamwElements<Element, false>(parameter, begin, end, factors);
}

template <typename Element>
void add(const float *__restrict x, const Element *__restrict delta, float *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = x[i] + widened(delta[i]);
}

template <typename Element>
void narrow(const float *__restrict x, Element *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = narrowed<Element>(x[i]);
}

template <typename Element>
float dot(const Element *a, const Element *b, int64_t count) {
#pragma clang fp reassociate(on)
  float total = 0;
  for (int64_t i = 0; i < count; i++) total += widened(a[i]) * widened(b[i]);
  return total;
}

GROVE_INLINE float sumOf(const float *x, int64_t count) {
#pragma clang fp reassociate(on)
  float total = 0;
  for (int64_t i = 0; i < count; i++) total += x[i];
  return total;
}

/// Σ (x − mean)²
GROVE_INLINE float spreadOf(const float *x, int64_t count, float mean) {
#pragma clang fp reassociate(on)
  float total = 0;
  for (int64_t i = 0; i < count; i++) total += (x[i] - mean) * (x[i] - mean);
  return total;
}

template <typename Element>
void norm(const NormRows<Element> &rows, int64_t begin, int64_t end) {
  const int64_t width = rows.width;
  for (int64_t row = begin; row < end; row++) {
    const float *h = rows.x + row * width;
    if (rows.delta) {
      add(h, rows.delta + row * width, rows.stream + row * width, width);
      h = rows.stream + row * width;
    }
    const float mean = rows.centered ? sumOf(h, width) / static_cast<float>(width) : 0.0f;
    const float scale = 1.0f / __builtin_sqrtf(spreadOf(h, width, mean) / static_cast<float>(width) + rows.epsilon);
    rows.mean[row] = mean;
    rows.scale[row] = scale;
    Element *__restrict y = rows.y + row * width;
    const float *__restrict weight = rows.weight;
    const float *__restrict bias = rows.bias;
    if (bias) for (int64_t i = 0; i < width; i++) y[i] = narrowed<Element>((h[i] - mean) * scale * weight[i] + bias[i]);
    else for (int64_t i = 0; i < width; i++) y[i] = narrowed<Element>((h[i] - mean) * scale * weight[i]);
  }
}

/// Sums over one row: of the gradient before the weight, and of that times the normed value.
template <typename Element>
GROVE_INLINE void rowSums(const Element *__restrict dy, const float *__restrict weight, const float *__restrict h,
                          float mean, float scale, int64_t width, float &sum, float &product) {
#pragma clang fp reassociate(on)
  float total = 0, weighted = 0;
  for (int64_t i = 0; i < width; i++) {
    const float g = widened(dy[i]) * weight[i];
    total += g;
    weighted += g * ((h[i] - mean) * scale);
  }
  sum = total;
  product = weighted;
}

template <typename Element>
void normGradient(const NormGradientRows<Element> &rows, int64_t begin, int64_t end) {
  const int64_t width = rows.width;
  const float *__restrict weight = rows.weight;
  float *__restrict dWeight = rows.dWeight;
  float *__restrict dBias = rows.dBias;
  for (int64_t row = begin; row < end; row++) {
    const Element *__restrict dy = rows.dy + row * width;
    const float *__restrict h = rows.stream + row * width;
    float *__restrict dx = rows.dx + row * width;
    const float mean = rows.mean[row], scale = rows.scale[row];
    float sum, product;
    rowSums(dy, weight, h, mean, scale, width, sum, product);
    const float offset = rows.centered ? sum / static_cast<float>(width) : 0.0f;
    const float slope = product / static_cast<float>(width);
    for (int64_t i = 0; i < width; i++) {
      const float g = widened(dy[i]), normed = (h[i] - mean) * scale;
      dx[i] = scale * (g * weight[i] - offset - normed * slope);
      dWeight[i] += g * normed;
    }
    if (dBias) for (int64_t i = 0; i < width; i++) dBias[i] += widened(dy[i]);
    if (rows.dStream) {
      const float *__restrict passing = rows.dStream + row * width;
      for (int64_t i = 0; i < width; i++) dx[i] += passing[i];
    }
    if (rows.dDelta) narrow(dx, rows.dDelta + row * width, width);
  }
}

template <typename Element>
void rotate(const Element *__restrict x, Element *__restrict out, int64_t heads, int64_t half,
            const float *__restrict cosine, const float *__restrict sine, float direction) {
  for (int64_t head = 0; head < heads; head++, x += 2 * half, out += 2 * half) {
    for (int64_t i = 0; i < half; i++) {
      const float a = widened(x[i]), b = widened(x[half + i]), s = direction * sine[i];
      out[i] = narrowed<Element>(a * cosine[i] - b * s);
      out[half + i] = narrowed<Element>(b * cosine[i] + a * s);
    }
  }
}

template <typename Element>
void swiglu(const Element *__restrict gate, const Element *__restrict up, Element *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float g = widened(gate[i]);
    out[i] = narrowed<Element>(g * logistic(g) * widened(up[i]));
  }
}

template <typename Element>
void swigluGradient(const Element *__restrict gate, const Element *__restrict up, const Element *__restrict dOut,
                    Element *__restrict dGate, Element *__restrict dUp, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float g = widened(gate[i]), d = widened(dOut[i]), s = logistic(g);
    dGate[i] = narrowed<Element>(d * widened(up[i]) * s * (1.0f + g * (1.0f - s)));
    dUp[i] = narrowed<Element>(d * g * s);
  }
}

constexpr float geluSlope = 0.7978845608f;  // √(2/π)
constexpr float geluCube = 0.044715f;

/// (1 + tanh u) / 2, the share of x that passes.
GROVE_INLINE float geluShare(float x) { return logistic(2.0f * geluSlope * (x + geluCube * x * x * x)); }

template <typename Element>
void gelu(const Element *__restrict x, Element *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float value = widened(x[i]);
    out[i] = narrowed<Element>(value * geluShare(value));
  }
}

template <typename Element>
void geluGradient(const Element *__restrict x, const Element *__restrict dOut, Element *__restrict dx, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float value = widened(x[i]), s = geluShare(value);
    const float slope = 2.0f * geluSlope * (1.0f + 3.0f * geluCube * value * value);
    dx[i] = narrowed<Element>(widened(dOut[i]) * (s + value * s * (1.0f - s) * slope));
  }
}

template <typename Element>
void sumRows(const Element *x, int64_t rows, int64_t width, float *__restrict sums) {
  for (int64_t row = 0; row < rows; row++) {
    const Element *__restrict values = x + row * width;
    for (int64_t i = 0; i < width; i++) sums[i] += widened(values[i]);
  }
}

template <typename Element>
GROVE_INLINE float maximumOf(const Element *__restrict values, int64_t count) {
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = widened(values[0]);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int lane = 0; lane < 16; lane++) {
      const float value = widened(values[i + lane]);
      lanes[lane] = value > lanes[lane] ? value : lanes[lane];
    }
  for (; i < count; i++) lanes[0] = widened(values[i]) > lanes[0] ? widened(values[i]) : lanes[0];
  for (int lane = 1; lane < 16; lane++) lanes[0] = lanes[lane] > lanes[0] ? lanes[lane] : lanes[0];
  return lanes[0];
}

template <typename Element>
RowLoss rowLoss(const Element *__restrict logits, int64_t count, int64_t target, float *__restrict scratch, float &sum) {
  const float largest = maximumOf(logits, count);
  for (int64_t i = 0; i < count; i++) scratch[i] = exponential(widened(logits[i]) - largest);
  sum = sumOf(scratch, count);
  const float logSumExp = largest + __builtin_logf(sum);
  return {logSumExp, logSumExp - widened(logits[target])};
}

template <typename Element>
void rowGradient(Element *__restrict logits, int64_t count, int64_t target, const float *__restrict scratch,
                 float scale, float targetShare) {
  for (int64_t i = 0; i < count; i++) logits[i] = narrowed<Element>(scratch[i] * scale);
  logits[target] = narrowed<Element>(scratch[target] * scale - targetShare);
}

using Lanes = uint32_t __attribute__((vector_size(32), aligned(4)));

/// Transposes 8 × 8 words.
GROVE_INLINE void transposeWords(const uint32_t *x, int64_t stride, uint32_t *out, int64_t outStride) {
  Lanes a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = *reinterpret_cast<const Lanes *>(x + i * stride);
  for (int i = 0; i < 8; i += 2) {
    b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; j++) {
      a[i + j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      a[i + j + 2] = __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < 4; i++) {
    *reinterpret_cast<Lanes *>(out + i * outStride) =
        __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    *reinterpret_cast<Lanes *>(out + (i + 4) * outStride) =
        __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

template <typename Element>
void packTransposed(const Element *x, int64_t rows, int64_t width, Element *out) {
  const int64_t words = width * static_cast<int64_t>(sizeof(Element)) / 4;
  const auto *from = reinterpret_cast<const uint32_t *>(x);
  auto *to = reinterpret_cast<uint32_t *>(out);
  for (int64_t row = 0; row < rows; row += 8)
    for (int64_t word = 0; word < words; word += 8)
      transposeWords(from + row * words + word, words, to + word * rows + row, rows);
}

template <typename Element>
void pack(const Element *__restrict x, int64_t rows, int64_t width, Element *__restrict out) {
  if constexpr (sizeof(Element) == 4) {
    for (int64_t i = 0; i < rows * width; i++) out[i] = x[i];
  } else {
    for (int64_t row = 0; row < rows; row += 2, x += 2 * width, out += 2 * width)
      for (int64_t i = 0; i < width; i++) {
        out[2 * i] = x[i];
        out[2 * i + 1] = x[width + i];
      }
  }
}

template <typename Element>
void unpack(const Element *__restrict packed, int64_t rows, int64_t width, Element *__restrict out) {
  if constexpr (sizeof(Element) == 4) {
    for (int64_t i = 0; i < rows * width; i++) out[i] = packed[i];
  } else {
    for (int64_t row = 0; row < rows; row += 2, packed += 2 * width, out += 2 * width)
      for (int64_t i = 0; i < width; i++) {
        out[i] = packed[2 * i];
        out[width + i] = packed[2 * i + 1];
      }
  }
}

template <typename Element>
float attend(float *__restrict scores, int64_t count, int64_t padded, float scale, Element *__restrict out, float &sum) {
  const float largest = maximumOf(scores, count);
  for (int64_t i = 0; i < count; i++) scores[i] = exponential(scale * (scores[i] - largest));
  sum = sumOf(scores, count);
  for (int64_t i = 0; i < count; i++) out[i] = narrowed<Element>(scores[i]);
  for (int64_t i = count; i < padded; i++) out[i] = Element{};
  return scale * largest + __builtin_logf(sum);
}

template <typename Element>
void attendGradient(const float *__restrict scores, const float *__restrict dProbabilities,
                    const float *__restrict logSums, const float *__restrict delta, float scale, bool isDiagonal,
                    Element *__restrict probabilities, Element *__restrict dScores, Element *__restrict packed) {
  for (int key = 0; key < attentionTile; key++) {
    const int64_t row = key * attentionTile;
    const int first = isDiagonal ? key : 0;  // the first query that sees this key
    for (int query = 0; query < attentionTile; query++) {
      const float seen = exponential(scores[row + query] * scale - logSums[query]);
      const float p = query >= first ? seen : 0.0f;
      probabilities[row + query] = narrowed<Element>(p);
      dScores[row + query] = narrowed<Element>(p * (dProbabilities[row + query] - delta[query]) * scale);
    }
  }
  pack(dScores, attentionTile, attentionTile, packed);
}

template <typename Element>
constexpr Loops<Element> table = {
    .sumOfSquares = sumOfSquares<Element>,
    .adamw = adamw<Element>,
    .norm = norm<Element>,
    .normGradient = normGradient<Element>,
    .add = add<Element>,
    .narrow = narrow<Element>,
    .dot = dot<Element>,
    .rotate = rotate<Element>,
    .swiglu = swiglu<Element>,
    .swigluGradient = swigluGradient<Element>,
    .gelu = gelu<Element>,
    .geluGradient = geluGradient<Element>,
    .sumRows = sumRows<Element>,
    .rowLoss = rowLoss<Element>,
    .rowGradient = rowGradient<Element>,
    .packTransposed = packTransposed<Element>,
    .pack = pack<Element>,
    .unpack = unpack<Element>,
    .attend = attend<Element>,
    .attendGradient = attendGradient<Element>,
};
