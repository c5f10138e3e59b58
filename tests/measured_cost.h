// What reading a foreign file costs, for tests of readers: however the bytes are, less than four times the file and 16 MiB of memory,
// and less than a second. Link measured_cost.cpp: it counts what operator new gives out.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace albert::testing {

/// How many files of a series to read: ALBERT_FUZZ_FILES, or `in_suite` where that is not set.
uint64_t num_fuzzed_files(uint64_t in_suite);

/// Follows many readings and keeps the most that one cost.
class CostWatch {
 public:
  /// Runs `read` and says whether it stayed within the bounds for a file of `file_bytes`. Time is that of the processor, so that a busy
  /// machine fails no test. The sanitizers bring an operator new of their own, and slow everything down: there is nothing measured then.
  ::testing::AssertionResult run(size_t file_bytes, const std::function<void()>& read);

  [[nodiscard]] size_t most_bytes() const { return most_bytes_; }
  [[nodiscard]] double longest_seconds() const { return longest_seconds_; }

 private:
  size_t most_bytes_ = 0;
  double longest_seconds_ = 0;
};

}  // namespace albert::testing
