#include <albert/base/error.h>
#include <albert/train/training_config.h>

#include <gtest/gtest.h>

#include <cmath>

namespace albert {
namespace {

struct NameCollector {
  std::vector<std::string> names;
  template <typename T>
  void operator()(const config::Field& field, T&) {
    names.emplace_back(field.name);
  }
};

template <typename T>
std::vector<std::string> field_names() {
  T config;
  NameCollector collector;
  visit_fields(config, collector);
  return collector.names;
}

Duration steps(double amount) { return {.amount = amount, .unit = DurationUnit::steps}; }

TEST(TrainingConfig, HasTheNamesOfTheContract) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(field_names<TrainingConfig>(),
            (Names{"duration", "batch_size", "micro_batch", "precision", "device", "gradient_clip", "seed", "intra_op_threads",
                   "activation_checkpointing", "on_divergence", "divergence", "ema"}));
  EXPECT_EQ(field_names<EvaluationConfig>(), (Names{"every"}));
  EXPECT_EQ(field_names<CheckpointConfig>(), (Names{"every", "keep_last", "keep_best", "asynchronous"}));
  EXPECT_EQ(field_names<LoggingConfig>(), (Names{"every", "tensorboard", "include_text"}));
  EXPECT_EQ(field_names<DistributedConfig>(), (Names{"backend", "timeout_seconds"}));
}

TEST(TrainingConfig, DefaultsAreValid) {
  config::Issues issues;
  TrainingConfig{}.validate(issues);
  EvaluationConfig{}.validate(issues);
  CheckpointConfig{}.validate(issues);
  LoggingConfig{}.validate(issues);
  EXPECT_TRUE(issues.empty());
}

TEST(TrainingConfig, NamesWhatBreaksARule) {
  config::Issues issues;
  TrainingConfig training{.duration = {.amount = 10, .unit = DurationUnit::percent}, .batch_size = 8};
  training.micro_batch.value = 16;
  training.validate(issues);
  EvaluationConfig{.every = steps(0)}.validate(issues);
  LoggingConfig{.every = steps(std::nan(""))}.validate(issues);
  ASSERT_EQ(issues.all().size(), 4U);
  EXPECT_EQ(issues.all()[0].key, "duration");
  EXPECT_EQ(issues.all()[0].text, "must be in steps, epochs or tokens, got 10 %");
  EXPECT_EQ(issues.all()[1].text, "must be at most batch_size (8), got 16");
  EXPECT_EQ(issues.all()[2].text, "must be more than 0, got 0 steps");
}

TEST(StepPlan, ConvertsAllDurations) {
  TrainingConfig training{.duration = {.amount = 3, .unit = DurationUnit::epochs}};
  const StepPlan plan = plan_steps(training, {.every = {.amount = 10, .unit = DurationUnit::percent}}, {.every = steps(40)},
                                   {.every = {.amount = 5000, .unit = DurationUnit::tokens}},
                                   {.steps_per_epoch = 100, .tokens_per_step = 1000, .total_steps = 0});
  EXPECT_EQ(plan, (StepPlan{.total_steps = 300, .log_every = 5, .evaluate_every = 30, .save_every = 40}));
}

TEST(StepPlan, NamesTheKeyOfADurationThatNeedsAnUnknownScale) {
  TrainingConfig training{.duration = {.amount = 3, .unit = DurationUnit::epochs}};
  try {
    (void)plan_steps(training, {}, {}, {}, {});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()).rfind("training.duration: ", 0), 0U) << error.what();
  }
}

}  // namespace
}  // namespace albert
