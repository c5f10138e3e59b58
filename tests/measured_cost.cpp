#include "measured_cost.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <new>

namespace {

/// Bytes that operator new has given out, and the most since the last reset.
struct Heap {
  size_t live = 0;
  size_t peak = 0;
};
Heap heap;

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsMeasured = false;
#else
constexpr bool kIsMeasured = true;
void* operator new(size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  heap.live += ::malloc_usable_size(block);
  heap.peak = std::max(heap.peak, heap.live);
  return block;
}
void operator delete(void* block) noexcept {
  heap.live -= ::malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, size_t /*size*/) noexcept { operator delete(block); }
#endif

namespace albert::testing {

uint64_t num_fuzzed_files(uint64_t in_suite) {
  const char* wanted = std::getenv("ALBERT_FUZZ_FILES");
  return wanted == nullptr ? in_suite : std::strtoull(wanted, nullptr, 10);
}

::testing::AssertionResult CostWatch::run(size_t file_bytes, const std::function<void()>& read) {
  constexpr size_t kSpare = size_t{16} << 20U;
  const size_t before = heap.live;
  heap.peak = before;
  const std::clock_t begin = std::clock();
  read();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const size_t bytes = heap.peak - before;
  most_bytes_ = std::max(most_bytes_, bytes);
  longest_seconds_ = std::max(longest_seconds_, seconds);
  if (!kIsMeasured || (bytes < 4 * file_bytes + kSpare && seconds < 1)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "a file of " << file_bytes << " bytes took " << bytes << " bytes and " << seconds << " s";
}

}  // namespace albert::testing
