#include "recipes/trial.h"

#include <albert/recipes/run_estimate.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

namespace albert {
namespace {

TEST(RunEstimate, AddsTheKindsOfWork) {
  const TrialTimes times{.pass_seconds = {0.5, 2.0}, .update_seconds = 0.25, .evaluation_seconds = 0.125, .passes = 4, .peak_memory_bytes = 77};
  const RunWork work{.phases = {{.steps = 100, .batch_size = 24, .micro_batch = 16, .max_length = 128},
                                {.steps = 10, .batch_size = 8, .micro_batch = 8, .max_length = 512}},
                     .evaluations = 3, .validation_examples = 32, .evaluation_batch = 16, .saves = 2};
  const auto estimate = estimate_run(times, work, 400'000'000);
  EXPECT_EQ(work.total_steps(), 110);
  EXPECT_EQ(estimate.step_seconds, (std::vector<double>{1.5 * 0.5 + 0.25, 2.0 + 0.25}));
  EXPECT_DOUBLE_EQ(estimate.run_seconds, 100 * 1.0 + 10 * 2.25 + 3 * 2 * 0.125 + 2 * 2.0);
  EXPECT_EQ(estimate.memory_bytes, 77);
}

TEST(RunEstimate, ErrorHasTheSignOfTheEstimate) {
  EXPECT_DOUBLE_EQ(error_percent(90, 100), -10);
  EXPECT_DOUBLE_EQ(error_percent(130, 100), 30);
}

TEST(RunEstimate, BytesAndSecondsAreReadable) {
  EXPECT_EQ(format_bytes(45'600'000), "45.6 MB");
  EXPECT_EQ(format_bytes(1'234'000'000), "1.23 GB");
  EXPECT_EQ(format_seconds(0.0304), "30 ms");
  EXPECT_EQ(format_seconds(12.34), "12.3 s");
}

TEST(MicroBatch, IsHalvedUntilItFits) {
  std::vector<int64_t> tried;
  const auto fits = [&](int64_t sequences) {
    tried.push_back(sequences);
    return sequences <= 5;
  };
  EXPECT_EQ(largest_that_fits(16, fits), 4);
  EXPECT_EQ(tried, (std::vector<int64_t>{16, 8, 4}));
  EXPECT_EQ(largest_that_fits(3, fits), 3);
  EXPECT_EQ(largest_that_fits(8, [](int64_t) { return false; }), 1);
}

TEST(MicroBatch, OfTheProbeTakesAShareOfTheMemoryThatIsLeft) {
  const auto available = available_memory_bytes();
  ASSERT_TRUE(available.has_value());
  std::vector<int64_t> tried;
  // Never touched, so they take no memory. 32 sequences would take 0.53 of it, 64 more than there is; the share is 0.8.
  const auto per_sequence = static_cast<int64_t>(*available / 60);
  const auto train_pass = [&](int64_t sequences) {
    tried.push_back(sequences);
    (void)at::empty({sequences * per_sequence}, at::kByte);
  };
  EXPECT_EQ(probe_micro_batch({.device = at::kCPU, .max_length = 8, .most = 512, .train_pass = train_pass}), 32);
  EXPECT_EQ(tried, (std::vector<int64_t>{1, 2})) << "a line through two is enough";
  EXPECT_EQ(probe_micro_batch({.device = at::kCPU, .max_length = 8, .most = 16, .train_pass = train_pass}), 16) << "no more than a step has";
  EXPECT_EQ(probe_micro_batch({.device = at::kCPU, .max_length = 512, .most = 512, .train_pass = [](int64_t) {}}), 8) << "4,096 pieces";
}

TEST(AvailableMemory, IsBelowThatOfTheMachine) {
  const auto available = available_memory_bytes();
  ASSERT_TRUE(available.has_value());
  std::ifstream machine("/proc/meminfo");
  std::string key;
  uint64_t total = 0;
  machine >> key >> total;
  ASSERT_EQ(key, "MemTotal:");
  EXPECT_GT(*available, 0U);
  EXPECT_LE(*available, total * 1024);
}

}  // namespace
}  // namespace albert
