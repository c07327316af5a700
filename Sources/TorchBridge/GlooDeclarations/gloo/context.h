// What c10d's ProcessGroupGloo.hpp needs to know of Gloo's types. libtorch has Gloo inside but ships no headers of it.
// Objects of these types are made, used and freed by libtorch alone: here they are only names behind pointers.
#pragma once
#include <chrono>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {
class Device;
class UnboundBuffer;
}  // namespace transport

}  // namespace gloo
