// The inner loops of the kernels, compiled for several instruction sets. All run on the calling thread.
#pragma once
#include <cstdint>

#include "CTorch.h"
#include "Element.h"

namespace grove {

/// What is the same for all elements of an AdamW step.
struct AdamWFactors {
  float beta1, beta2, epsilon, gradientScale;
  float learningRate;
  float stepSize;           // learningRate / (1 − beta1ᵗ)
  float squareCorrection;   // 1 / √(1 − beta2ᵗ)
};

/// Rows [begin, end) of a norm over `width` elements.
template <typename Element>
struct NormRows {
  int64_t width;
  float epsilon;
  bool centered;            // layer norm; else root mean square
  const float *weight;
  const float *bias;        // null for none
  const float *x;           // the stream
  const Element *delta;     // added to the stream first; null for none
  float *stream;            // x + delta; null without delta
  Element *y;
  float *mean, *scale;      // one of each a row, for the backward pass
};

template <typename Element>
struct NormGradientRows {
  int64_t width;
  bool centered;
  const float *weight, *stream, *mean, *scale;
  const Element *dy;
  const float *dStream;     // null for none
  float *dx;
  Element *dDelta;          // null for none
  float *dWeight, *dBias;   // sums over the rows; dBias may be null
};

/// One row of softmax cross-entropy.
struct RowLoss {
  float logSumExp;
  float negativeLogLikelihood;
};

/// A choice of about `count` of some scores by coordinate descent.
struct SoftTopK {
  float count, temperature;
  int64_t iterations;
};

/// The loops over one element type.
template <typename Element>
struct Loops {
  double (*sumOfSquares)(const Element *values, int64_t count);
  void (*adamw)(const GroveAdamWParameter &parameter, int64_t begin, int64_t end, const AdamWFactors &factors);
  void (*norm)(const NormRows<Element> &rows, int64_t begin, int64_t end);
  void (*normGradient)(const NormGradientRows<Element> &rows, int64_t begin, int64_t end);
  /// out = x + delta.
  void (*add)(const float *x, const Element *delta, float *out, int64_t count);
  void (*narrow)(const float *x, Element *out, int64_t count);
  float (*dot)(const Element *a, const Element *b, int64_t count);
  /// Rotates `heads` heads of width 2·half, half-split, by the angles of one position; `direction` −1 turns back.
  void (*rotate)(const Element *x, Element *out, int64_t heads, int64_t half, const float *cosine, const float *sine,
                 float direction);
  void (*swiglu)(const Element *gate, const Element *up, Element *out, int64_t count);
  void (*swigluGradient)(const Element *gate, const Element *up, const Element *dOut, Element *dGate, Element *dUp,
                         int64_t count);
  void (*gelu)(const Element *x, Element *out, int64_t count);
  void (*geluGradient)(const Element *x, const Element *dOut, Element *dx, int64_t count);
  /// Adds `rows` rows of `width` elements to `sums`.
  void (*sumRows)(const Element *x, int64_t rows, int64_t width, float *sums);
  /// Loss of one row of logits. `scratch` holds eˣ⁻ᵐᵃˣ afterwards.
  RowLoss (*rowLoss)(const Element *logits, int64_t count, int64_t target, float *scratch, float &sum);
  /// logits = scratch · scale, less `targetShare` at the target.
  void (*rowGradient)(Element *logits, int64_t count, int64_t target, const float *scratch, float scale,
                      float targetShare);
  /// Weights of `width` scores; `duals`, iterations + 1 of them, are what the descent went through.
  void (*softTopK)(const Element *scores, int64_t width, const SoftTopK &choice, float *duals, Element *out);
  void (*softTopKGradient)(const Element *scores, const float *duals, const Element *out, const Element *dOut,
                           int64_t width, const SoftTopK &choice, float *dScores);

  // The right factor of a tile product has the elements of two rows of bfloat16 side by side, with a row of zeros below an
  // odd one. `stride` is from row to row of x, in elements.

  /// The transpose of `[rows, width]` as a right factor.
  void (*packTransposed)(const Element *x, int64_t stride, int64_t rows, int64_t width, Element *out);
  /// `[rows, width]` itself as the right factor.
  void (*pack)(const Element *x, int64_t stride, int64_t rows, int64_t width, Element *out);
  /// A right factor `[rows, width]` back in row-major order.
  void (*unpack)(const Element *packed, int64_t rows, int64_t width, Element *out);
  /// The transpose of `[rows, width]`, row-major, with `outStride` from row to row.
  void (*transpose)(const Element *x, int64_t stride, int64_t rows, int64_t width, Element *out, int64_t outStride);

  // Attention works on tiles of attentionTile × attentionTile.

  /// Probabilities of one query before division by their sum: exp(scale·(s − max)) of the first `count` scores, 0 up to
  /// `padded`. Gives log Σ exp(scale·s).
  float (*attend)(float *scores, int64_t count, int64_t padded, float scale, Element *out, float &sum);
  /// A tile of probabilities and of the scores' gradients, keys by queries.
  void (*attendGradient)(const float *scores, const float *dProbabilities, const float *logSums, const float *delta,
                         float scale, bool isDiagonal, Element *probabilities, Element *dScores, Element *packed);
};

constexpr int64_t attentionTile = 64;

/// The loops for this machine's instruction set.
template <typename Element>
const Loops<Element> &loops();

}  // namespace grove
