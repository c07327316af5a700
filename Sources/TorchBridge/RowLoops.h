// The inner loops of decoding, compiled for several instruction sets: products of a few rows with a matrix, and a few
// queries over many keys. What bounds them is how fast the matrix or the keys are read.
#pragma once
#include <cstdint>
#include <type_traits>

#include "Element.h"

namespace grove {

/// A matrix whose rows are int8 in groups of `quantizedGroup` with one float16 scale each: w = scale · q.
struct QuantizedRows {
  const int8_t *values;     // [N, columns]
  const uint16_t *scales;   // [N, columns / quantizedGroup], bits of float16
  int64_t columns;          // a multiple of quantizedGroup
};

constexpr int64_t quantizedGroup = 32;
constexpr int64_t fewColumns = 3;
constexpr int64_t sharedQueries = 4;

/// The keys and values that some heads see.
template <typename Element>
struct SeenRows {
  const Element *keys, *values;
  int64_t keyStride, valueStride;  // elements from one position to the next
  int64_t count, width;
};

template <typename Element>
struct RowLoops {
  /// sums[r · columns + c] = weight row r · x row c, for `rows` rows of the weight and `columns` rows of x, both of
  /// `width` elements.
  void (*products)(const Element *x, int64_t columns, const Element *weight, int64_t rows, int64_t width, float *sums);
  /// softmax(scale · q kᵀ) v for each of at most `sharedQueries` queries that see the same rows: a row is read once.
  /// Queries lie `stride` apart, and so does what they found, which may take their place. `scores` has room for every
  /// key and query. What a query finds does not depend on those beside it.
  void (*attend)(const Element *queries, int64_t count, int64_t stride, const SeenRows<Element> &seen, float scale,
                 float *scores, Element *out);
};

/// Rows of activations as int16 in the matrix's groups: x = scale · q, closer to x than bfloat16 is but for elements that
/// are 100 times smaller than the largest of their group.
struct FixedRows {
  const int16_t *values;  // [C, columns]
  const float *scales;    // [C, columns / quantizedGroup]
};

struct QuantizedLoops {
  /// Fills one row of `FixedRows` from `width` elements and zeros up to `columns`. What is not finite makes its group NaN.
  void (*fix)(const float *x, int64_t width, int64_t columns, int16_t *values, float *scales);
  /// As `products`, for rows [begin, begin + rows) of the matrix and at most `fewColumns` of x. More of them pay for a
  /// widened copy of the rows.
  void (*products)(const FixedRows &x, int64_t columns, const QuantizedRows &matrix, int64_t begin, int64_t rows,
                   float *sums);
  /// The values of one row.
  void (*widen)(const QuantizedRows &matrix, int64_t row, float *out);
};

template <typename Element>
const RowLoops<Element> &rowLoops();
const QuantizedLoops &quantizedLoops();

}  // namespace grove
