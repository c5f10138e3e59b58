#include <albert/train/matmul_rate.h>

#include <gtest/gtest.h>

#include <chrono>

namespace albert {
namespace {

TEST(MatmulRate, IsMeasuredQuicklyAndPlausible) {
  const auto start = std::chrono::steady_clock::now();
  const double rate = measure_matmul_rate(at::kCPU, at::kFloat);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // 0.4 s on an idle machine
  EXPECT_GT(rate, 1e8);
  EXPECT_LT(rate, 1e14);
}

}  // namespace
}  // namespace albert
