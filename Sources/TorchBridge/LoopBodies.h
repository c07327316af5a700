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

/// Lei et al. 2023 (arXiv:2304.04947), §3.2. The dual of a score's own limit, b = −max(s + a, 0), needs no memory: s + b is
/// min(s, −a), so that one number a, the dual of the sum, is all that a step hands on.
template <typename Element>
void softTopK(const Element *__restrict scores, int64_t width, const SoftTopK &choice, float *__restrict duals,
              Element *__restrict out) {
#pragma clang fp reassociate(on)
  const float inverse = 1.0f / choice.temperature, largest = maximumOf(scores, width);
  duals[0] = 0;
  for (int64_t step = 0; step < choice.iterations; step++) {
    const float limit = -duals[step], top = largest > limit ? limit : largest;
    float total = 0;
    for (int64_t i = 0; i < width; i++) {
      const float score = widened(scores[i]);
      total += exponential(((score > limit ? limit : score) - top) * inverse);
    }
    duals[step + 1] = choice.temperature * (__builtin_logf(choice.count) - __builtin_logf(total)) - top;
  }
  const float dual = duals[choice.iterations];
  for (int64_t i = 0; i < width; i++) {
    const float sum = widened(scores[i]) + dual;
    out[i] = narrowed<Element>(exponential((sum > 0 ? 0.0f : sum) * inverse));
  }
}

/// Through all steps, from the last to the first; ends early where no score was at its limit, which is all that a step
/// depends on the one before by.
template <typename Element>
void softTopKGradient(const Element *__restrict scores, const float *__restrict duals, const Element *__restrict out,
                      const Element *__restrict dOut, int64_t width, const SoftTopK &choice, float *__restrict dScores) {
#pragma clang fp reassociate(on)
  const float inverse = 1.0f / choice.temperature, share = 1.0f / choice.count;
  const float last = duals[choice.iterations];
  float dDual = 0;
  for (int64_t i = 0; i < width; i++) {
    const float slope = widened(scores[i]) + last > 0 ? 0.0f : widened(dOut[i]) * widened(out[i]) * inverse;
    dScores[i] = slope;
    dDual += slope;
  }
  for (int64_t step = choice.iterations - 1; step >= 0 && dDual != 0; step--) {
    const float limit = -duals[step], next = duals[step + 1];
    float atLimit = 0;
    for (int64_t i = 0; i < width; i++) {
      const float score = widened(scores[i]);
      const bool isAbove = score > limit;
      const float weight = exponential(((isAbove ? limit : score) + next) * inverse) * share;
      dScores[i] -= isAbove ? 0.0f : dDual * weight;
      atLimit += isAbove ? weight : 0.0f;
    }
    dDual *= atLimit;
  }
}

using Lanes = uint32_t __attribute__((vector_size(32)));

/// A vector from or to any address: in a template, clang forgets the alignment that a type's attribute allows.
template <typename Vector>
GROVE_INLINE Vector loaded(const void *from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}
template <typename Vector>
GROVE_INLINE void store(Vector value, void *to) {
  __builtin_memcpy(to, &value, sizeof(value));
}

/// Transposes 8 × 8 words: one of float32, or two neighbours of bfloat16. `stride` is in elements, `outStride` in words.
template <typename Element>
GROVE_INLINE void transposeWords(const Element *x, int64_t stride, void *out, int64_t outStride) {
  auto *words = static_cast<uint32_t *>(out);
  Lanes a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = loaded<Lanes>(x + i * stride);
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
    store(__builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11), words + i * outStride);
    store(__builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15), words + (i + 4) * outStride);
  }
}

template <typename Element>
void packTransposed(const Element *x, int64_t stride, int64_t rows, int64_t width, Element *out) {
  constexpr int64_t pair = sizeof(float) / sizeof(Element);
  const int64_t wholeRows = rows / 8 * 8, wholeWidth = width / (8 * pair) * (8 * pair);
  for (int64_t row = 0; row < wholeRows; row += 8)
    for (int64_t i = 0; i < wholeWidth; i += 8 * pair)
      transposeWords(x + row * stride + i, stride, out + i * rows + row * pair, rows);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = row < wholeRows ? wholeWidth : 0; i < (width + pair - 1) / pair * pair; i++)
      out[i / pair * rows * pair + row * pair + i % pair] = i < width ? x[row * stride + i] : Element{};
}

template <typename Element>
void pack(const Element *__restrict x, int64_t stride, int64_t rows, int64_t width, Element *__restrict out) {
  if constexpr (sizeof(Element) == 4) {
    for (int64_t row = 0; row < rows; row++)
      for (int64_t i = 0; i < width; i++) out[row * width + i] = x[row * stride + i];
  } else {
    int64_t row = 0;
    for (; row + 1 < rows; row += 2, x += 2 * stride, out += 2 * width)
      for (int64_t i = 0; i < width; i++) {
        out[2 * i] = x[i];
        out[2 * i + 1] = x[stride + i];
      }
    if (row == rows) return;
    for (int64_t i = 0; i < width; i++) {
      out[2 * i] = x[i];
      out[2 * i + 1] = Element{};
    }
  }
}

template <typename Element>
void transpose(const Element *__restrict x, int64_t stride, int64_t rows, int64_t width, Element *__restrict out,
               int64_t outStride) {
  int64_t wholeRows = 0, wholeWidth = 0;
  if constexpr (sizeof(Element) == 2) {
    wholeRows = rows / 16 * 16;
    wholeWidth = width / 16 * 16;
    using Words = uint32_t __attribute__((vector_size(64)));
    using Halves = uint16_t __attribute__((vector_size(32)));
    for (int64_t row = 0; row < wholeRows; row += 16)
      for (int64_t i = 0; i < wholeWidth; i += 16) {
        Words columns[8];  // pairs of columns, 16 rows of each
        for (int half = 0; half < 2; half++)
          transposeWords(x + (row + 8 * half) * stride + i, stride, reinterpret_cast<char *>(columns) + 32 * half, 16);
        for (int column = 0; column < 8; column++) {
          Element *to = out + (i + 2 * column) * outStride + row;
          store(__builtin_convertvector(columns[column], Halves), to);
          store(__builtin_convertvector(columns[column] >> 16, Halves), to + outStride);
        }
      }
  }
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = row < wholeRows ? wholeWidth : 0; i < width; i++) out[i * outStride + row] = x[row * stride + i];
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
  pack(dScores, attentionTile, attentionTile, attentionTile, packed);
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
    .softTopK = softTopK<Element>,
    .softTopKGradient = softTopKGradient<Element>,
    .packTransposed = packTransposed<Element>,
    .pack = pack<Element>,
    .unpack = unpack<Element>,
    .transpose = transpose<Element>,
    .attend = attend<Element>,
    .attendGradient = attendGradient<Element>,
};
