// Puts the kernels into the table.
#include "KernelSupport.h"

namespace grove {

void installKernels(GroveTorch &table) {
  table.recompute = recompute;
  table.sum_of_squares = sumOfSquares;
  table.adamw = adamw;
  table.linear = linear;
  table.norm = norm;
  table.add = add;
  table.rotary_heads = rotaryHeads;
  table.swiglu = swiglu;
  table.gelu = gelu;
  table.soft_top_k = softTopK;
  table.attends = attends;
  table.attention = attention;
  table.last_queries = lastQueries;
  table.cached_attention = cachedAttention;
  table.quantized_linear = quantizedLinear;
  table.linear_cross_entropy = linearCrossEntropy;
}

}  // namespace grove
