#include <albert/train/matmul_rate.h>
#include <albert/train/peak_memory.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

namespace albert {
namespace {

TEST(MatmulRate, IsMeasuredQuicklyAndPlausible) {
  const auto start = std::chrono::steady_clock::now();
  const double rate = measure_matmul_rate(at::kCPU, at::kFloat);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // 0.4 s on an idle machine
  EXPECT_GT(rate, 1e8);
  EXPECT_LT(rate, 1e14);
}

TEST(PeakMemory, GrowsWithUse) {
  const int64_t before = peak_memory_bytes(at::kCPU);
  constexpr int64_t kBytes = 256 << 20;
  const at::Tensor block = at::ones({kBytes}, at::kByte);
  EXPECT_GE(peak_memory_bytes(at::kCPU), before + kBytes / 2);
}

TEST(PeakMemory, CountsAnewWhenForgotten) {
  constexpr int64_t kBytes = 256 << 20;
  at::ones({kBytes}, at::kByte);
  const int64_t peak = peak_memory_bytes(at::kCPU);
  forget_peak_memory(at::kCPU);
  const int64_t anew = peak_memory_bytes(at::kCPU);
  if (std::ofstream file("/proc/self/clear_refs"); !file.is_open() || !(file << "5").flush()) GTEST_SKIP() << "the system does not reset it";
  EXPECT_LT(anew, peak - kBytes / 2);
}

}  // namespace
}  // namespace albert
