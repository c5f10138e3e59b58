// Asynchronous saving, and the scale of the loss.
#include "train/captured_log.h"
#include "train/toy_run.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/train/loss_scale.h>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <temporary_folder.h>

#include <sstream>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SavingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { at::set_num_threads(1); }

  RunSummary run_toy(const testing::ToyOptions& options, const std::string& name) {
    testing::ToyRun toy(folder_ / name, options);
    return toy.run();
  }
  std::string file_of(const std::string& name, const std::string& file) { return read_file(folder_ / name / "checkpoints/latest" / file); }
  std::vector<nlohmann::json> training_lines(const std::string& name) {
    std::vector<nlohmann::json> lines;
    std::istringstream text(read_file(folder_ / name / "metrics.jsonl"));
    for (std::string line; std::getline(text, line);) {
      auto json = nlohmann::json::parse(line);
      for (const char* key : {"tokens_per_second", "waiting_share", "mfu", "seconds", "peak_memory_bytes", "loss_scale", "overflows"}) json.erase(key);
      lines.push_back(std::move(json));
    }
    return lines;
  }

  testing::TemporaryFolder folder_;
  testing::CapturedLog log_;
};

TEST_F(SavingTest, AsynchronousCheckpointsAreThoseOfTheirStep) {
  testing::ToyOptions options;
  run_toy(options, "plain");
  options.asynchronous = true;
  run_toy(options, "asynchronous");
  EXPECT_EQ(training_lines("plain"), training_lines("asynchronous"));
  for (const int64_t step : {15, 16, 20}) {
    const auto file = fmt::format("checkpoints/step-{:08}/model.safetensors", step);
    EXPECT_EQ(read_file(folder_ / "plain" / file), read_file(folder_ / "asynchronous" / file)) << step;
  }
}

TEST_F(SavingTest, ARunGoesOnFromAnAsynchronousCheckpoint) {
  testing::ToyOptions options;
  options.asynchronous = true;
  run_toy(options, "whole");
  testing::ToyRun* running = nullptr;
  options.on_step = [&](int64_t step) {
    if (step == 10) running->stop.request();
  };
  {
    testing::ToyRun first(folder_ / "parts", options);
    running = &first;
    EXPECT_EQ(first.run().outcome, RunOutcome::stopped);
  }
  options.on_step = [](int64_t) {};
  EXPECT_EQ(run_toy(options, "parts").outcome, RunOutcome::finished);
  EXPECT_EQ(training_lines("whole"), training_lines("parts"));
  EXPECT_EQ(file_of("whole", "optimizer.safetensors"), file_of("parts", "optimizer.safetensors"));
}

TEST_F(SavingTest, ASaveThatFailsInTheBackgroundIsToldAndMadeUpForAtTheEnd) {
  testing::ToyOptions options;
  options.asynchronous = true;
  const auto blocked = folder_ / "run/checkpoints";
  int64_t saves = 0;
  options.on_save = [&] {
    // The folder is gone while the first checkpoint is written, and back for the others.
    if (++saves == 1) throw IoError("no space left");
  };
  EXPECT_EQ(run_toy(options, "run").outcome, RunOutcome::finished);
  EXPECT_THAT(log_.text(), HasSubstr("checkpoint of step 4 was not saved: no space left"));
  EXPECT_EQ(io::CheckpointDirectory(blocked).steps().back(), 20);
}

TEST_F(SavingTest, LossScalingChangesNothingButTheRange) {
  testing::ToyOptions options;
  run_toy(options, "plain");
  options.loss_scaling = true;  // a power of two: scaling and its reverse round nothing
  run_toy(options, "scaled");
  EXPECT_EQ(training_lines("plain"), training_lines("scaled"));
  EXPECT_EQ(file_of("plain", "model.safetensors"), file_of("scaled", "model.safetensors"));
}

TEST_F(SavingTest, AnOverflowLeavesTheUpdateOutAndLowersTheScale) {
  testing::ToyOptions options;
  options.plan = {.total_steps = 8, .log_every = 1, .evaluate_every = 0, .save_every = 8};
  options.loss_scaling = true;
  options.bad = testing::ToyOptions::Bad::gradient;
  options.bad_step = 3;
  EXPECT_EQ(run_toy(options, "run").outcome, RunOutcome::finished);
  const auto state = nlohmann::json::parse(file_of("run", "training_state.json"));
  EXPECT_EQ(state.at("step"), 8);
  EXPECT_EQ(state.at("loss_scale").at("factor"), 32768);
  EXPECT_EQ(state.at("loss_scale").at("overflows"), 1);
  EXPECT_EQ(state.at("loss_scale").at("steps_without_overflow"), 4);
  std::vector<int64_t> steps;
  for (const auto& line : training_lines("run")) steps.push_back(line.at("step").get<int64_t>());
  EXPECT_THAT(steps, ElementsAre(1, 2, 3, 5, 6, 7, 8));  // the fourth has no update to tell of
}

TEST(LossScale, IsDoubledAfterManyStepsAndHalvedByAnOverflow) {
  LossScaleState state;
  LossScale scale(state);
  for (int64_t i = 0; i < LossScale::kGrowthInterval - 1; ++i) scale.accept();
  EXPECT_EQ(scale.factor(), 65536);
  scale.accept();
  EXPECT_EQ(scale.factor(), 131072);
  EXPECT_TRUE(scale.lower());
  EXPECT_TRUE(scale.lower());
  EXPECT_EQ(scale.factor(), 32768);
  EXPECT_EQ(state.overflows, 2);
}

TEST(LossScale, EndsAtItsBounds) {
  LossScaleState state{.factor = LossScale::kLargest, .steps_without_overflow = LossScale::kGrowthInterval - 1};
  LossScale scale(state);
  scale.accept();
  EXPECT_EQ(scale.factor(), LossScale::kLargest);
  state.factor = LossScale::kSmallest;
  EXPECT_FALSE(scale.lower());
  EXPECT_EQ(state.overflows, 0);
}

}  // namespace
}  // namespace albert
