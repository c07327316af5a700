// Work on libtorch's own team of threads: a second team would fight it for the cores.
#pragma once
#include <cstdint>
#include <type_traits>

namespace grove {

/// Runs `body(context, block, begin, end)` for each block of `grain` indices below `count`. Blocks do not depend on the
/// number of threads, so neither does a result that is summed block by block. The body must not throw.
void forBlocks(int64_t count, int64_t grain, void (*body)(void *, int64_t, int64_t, int64_t), void *context);

/// The same with a callable `body(block, begin, end)`.
template <typename Body>
void forBlocks(int64_t count, int64_t grain, Body &&body) {
  using Plain = std::remove_reference_t<Body>;
  forBlocks(
      count, grain,
      [](void *context, int64_t block, int64_t begin, int64_t end) { (*static_cast<Plain *>(context))(block, begin, end); },
      const_cast<std::remove_const_t<Plain> *>(&body));
}

inline int64_t blockCount(int64_t count, int64_t grain) { return (count + grain - 1) / grain; }

}  // namespace grove
