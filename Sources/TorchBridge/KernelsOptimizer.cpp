// The optimizer's passes over all parameters: each element is read and written once.
#include <cmath>

#include "KernelSupport.h"

namespace grove {

GroveStatus sumOfSquares(const GroveTensorHandle *handles, int32_t count, double *out) {
  return guarded([&] {
    double total = 0;
    for (int32_t i = 0; i < count; i++) {
      const at::Tensor values = tensor(handles[i]).contiguous();
      checkCPU(values);
      std::vector<double> parts(blockCount(values.numel(), elementGrain));
      withElement(values, [&](auto element) {
        using Element = decltype(element);
        const auto *start = elements<Element>(values);
        forBlocks(values.numel(), elementGrain, [&](int64_t block, int64_t begin, int64_t end) {
          parts[block] = loops<Element>().sumOfSquares(start + begin, end - begin);
        });
      });
      for (double part : parts) total += part;
    }
    *out = total;
  });
}

GroveStatus adamw(const GroveAdamWParameter *parameters, int32_t count, double learningRate, double beta1, double beta2,
                  double epsilon, int64_t step, double gradientScale) {
  return guarded([&] {
    AdamWFactors factors{};
    factors.beta1 = static_cast<float>(beta1);
    factors.beta2 = static_cast<float>(beta2);
    factors.epsilon = static_cast<float>(epsilon);
    factors.gradientScale = static_cast<float>(gradientScale);
    factors.learningRate = static_cast<float>(learningRate);
    factors.stepSize = static_cast<float>(learningRate / (1 - std::pow(beta1, static_cast<double>(step))));
    factors.squareCorrection = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, static_cast<double>(step))));
    // The blocks of all parameters in one list, so that small parameters do not cost a round of the team each.
    std::vector<int64_t> firstBlock(1, 0);
    for (int32_t i = 0; i < count; i++)
      firstBlock.push_back(firstBlock.back() + blockCount(parameters[i].count, elementGrain));
    forBlocks(firstBlock.back(), 1, [&](int64_t block, int64_t, int64_t) {
      const auto at = std::upper_bound(firstBlock.begin(), firstBlock.end(), block) - firstBlock.begin() - 1;
      const GroveAdamWParameter &parameter = parameters[at];
      const int64_t begin = (block - firstBlock[at]) * elementGrain;
      const int64_t end = std::min(parameter.count, begin + elementGrain);
      if (parameter.gradientIsBFloat16) loops<bfloat16>().adamw(parameter, begin, end, factors);
      else loops<float>().adamw(parameter, begin, end, factors);
    });
  });
}

}  // namespace grove
