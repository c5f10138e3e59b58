// Time that this process has computed, so that a busy machine does not fail a test of speed.
#pragma once

#include <ctime>

namespace albert::testing {

class CpuTimer {
 public:
  [[nodiscard]] double seconds() const { return static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t start_ = std::clock();
};

}  // namespace albert::testing
