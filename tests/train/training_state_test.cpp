#include <albert/base/error.h>
#include <albert/train/training_state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace albert {
namespace {

TrainingState example() {
  return {.run_id = "0123456789abcdef",
          .step = 120,
          .cursor = {.examples = 30720, .passed_over = {{.first = 256, .end = 512}, {.first = 1024, .end = 1280}}},
          .tokens = 3123456,
          .seconds = 12.75,
          .seed = 7,
          .intra_op_threads = 2,
          .ranks = 1,
          .metrics_bytes = 4096,
          .evaluated_step = 100,
          .best = {{.step = 100, .value = 0.1 + 0.2}, {.step = 50, .value = 5.5}},
          .evaluations_since_best = 3,
          .interval = {
              .steps = 3, .tokens = 999, .seconds = 0.3, .flops = 1e12, .metrics = {{"loss", 1.0 / 3}, {"gradient_norm", 0.7}}},
          .divergence = {.norms = {0.7, 1.0 / 3}, .skips_in_a_row = 1, .skipped_steps = 2, .rewinds = 3},
          .loss_scale = {.factor = 1024, .steps_without_overflow = 17, .overflows = 4}};
}

TEST(TrainingState, HoldsWhatDecidesTheNextStep) {
  std::vector<std::string> keys;
  const auto json = nlohmann::ordered_json::parse(to_json(example()));
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::ElementsAre("format_version", "run_id", "step", "examples", "passed_over", "tokens", "seconds", "seed",
                                           "intra_op_threads", "ranks", "metrics_bytes", "evaluated_step", "best",
                                           "evaluations_since_best", "interval", "divergence", "loss_scale"));
}

TEST(TrainingState, ComesBackFromJsonUnchanged) {
  EXPECT_EQ(training_state_from_json(to_json(example()), "state"), example());
  EXPECT_EQ(training_state_from_json(to_json(TrainingState{}), "state"), TrainingState{});
}

TEST(TrainingState, KeepsNumbersThatJsonCannotSay) {
  TrainingState state = example();
  state.interval.metrics["sop_accuracy"] = std::numeric_limits<double>::infinity();
  state.interval.metrics["lowest"] = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(training_state_from_json(to_json(state), "state"), state);
  state.interval.metrics["sop_accuracy"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(training_state_from_json(to_json(state), "state").interval.metrics.at("sop_accuracy")));
}

TEST(TrainingState, RefusesWhatItDidNotWrite) {
  const auto error_of = [](const std::string& text) -> std::string {
    try {
      (void)training_state_from_json(text, "training_state.json");
    } catch (const IoError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(""), ::testing::StartsWith("training_state.json: wanted the state of a run, got: "));
  EXPECT_THAT(error_of("[]"), ::testing::StartsWith("training_state.json: wanted the state of a run, got: "));
  EXPECT_THAT(error_of(R"({"format_version": 2})"), ::testing::HasSubstr("format version 2, this build reads 1"));
  auto json = nlohmann::json::parse(to_json(example()));
  json.erase("tokens");
  EXPECT_THAT(error_of(json.dump()), ::testing::HasSubstr("tokens"));
  json = nlohmann::json::parse(to_json(example()));
  json["step"] = -1;
  EXPECT_THAT(error_of(json.dump()), ::testing::HasSubstr("a negative count"));
  json = nlohmann::json::parse(to_json(example()));
  json["passed_over"] = {{1024, 1280}, {256, 512}};
  EXPECT_THAT(error_of(json.dump()), ::testing::HasSubstr("ranges of examples that do not rise"));
}

TEST(TrainingState, RunIdsDiffer) {
  EXPECT_EQ(make_run_id().size(), 16U);
  EXPECT_NE(make_run_id(), make_run_id());
}

}  // namespace
}  // namespace albert
