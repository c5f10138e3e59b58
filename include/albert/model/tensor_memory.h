// How much memory tensors take inside a scope, to the byte: what LibTorch's allocator for the CPU hands out and takes back on this thread.
//
//   TensorMemory memory;
//   loss = model->forward(...); loss.backward();
//   memory.peak_bytes();
#pragma once

#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <memory>

namespace albert {

/// Counts while it lives, on the thread that made it (and its backward passes); scopes of one thread must end in reverse order. What a
/// kernel takes for itself (scratch of matrix libraries) and what other threads allocate is not seen.
class TensorMemory {
 public:
  TensorMemory();
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;
  ~TensorMemory();

  /// Most bytes above those at the start of the scope that were in use at one time.
  [[nodiscard]] int64_t peak_bytes() const;
  /// Bytes above those at the start that are in use now; negative where earlier tensors were freed.
  [[nodiscard]] int64_t current_bytes() const;

 private:
  class Counter;
  std::shared_ptr<Counter> counter_;
  std::unique_ptr<c10::DebugInfoGuard> guard_;
};

}  // namespace albert
