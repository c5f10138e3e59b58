#include <albert/model/tensor_memory.h>

#include <c10/core/Allocator.h>

#include <algorithm>

namespace albert {

class TensorMemory::Counter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*pointer*/, int64_t bytes, size_t /*allocated*/, size_t /*reserved*/, c10::Device device) override {
    if (!device.is_cpu()) return;
    current_ += bytes;
    peak_ = std::max(peak_, current_);
  }
  [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
  [[nodiscard]] int64_t current() const { return current_; }
  [[nodiscard]] int64_t peak() const { return peak_; }

 private:
  int64_t current_ = 0;
  int64_t peak_ = 0;
};

TensorMemory::TensorMemory()
    : counter_(std::make_shared<Counter>()), guard_(std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, counter_)) {}

TensorMemory::~TensorMemory() = default;

int64_t TensorMemory::peak_bytes() const { return counter_->peak(); }
int64_t TensorMemory::current_bytes() const { return counter_->current(); }

}  // namespace albert
