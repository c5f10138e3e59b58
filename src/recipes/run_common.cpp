#include "recipes/run_common.h"

#include <malloc.h>

#include <limits>

namespace albert {

void keep_freed_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

std::optional<Precision> chosen_precision(PrecisionChoice choice) {
  if (choice == PrecisionChoice::fp32) return Precision::fp32;
  if (choice == PrecisionChoice::bf16) return Precision::bf16;
  return std::nullopt;
}

}  // namespace albert
