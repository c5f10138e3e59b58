// From `phases` in YAML to the steps of a run.
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/recipes/pretrain_phases.h>
#include <data/toy.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <temporary_folder.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

constexpr const char* kTwoPhases =
    "output: x\ndata: {max_length: 64, validation_fraction: 0}\n"
    "training: {duration: 1000 steps, batch_size: 32, micro_batch: 8}\n"
    "phases: [{until: 90 %, max_length: 16}, {batch_size: 4}]\n";

struct Phases : ::testing::Test {
  testing::TemporaryFolder folder;
  std::shared_ptr<const TokenStore> store = std::make_shared<TokenStore>(testing::make_store(folder / "s", 150, 20, 20));

  static PretrainConfig parse(const std::vector<std::string>& set = {}) {
    return config::parse_config<PretrainConfig>(kTwoPhases, "c.yaml", config::Overrides(set));
  }
  PretrainingData make(const PretrainConfig& config) const {
    return make_pretraining_data(store, testing::toy_vocabulary(), config.data, config.objective, 1);
  }
};

TEST_F(Phases, BecomeStepsLengthsAndBatches) {
  const auto config = parse();
  const auto data = make(config);
  const auto planned = plan_run(config, data.train);
  EXPECT_EQ(planned.steps.total_steps, 1000);
  const auto& phases = planned.data.phases();
  ASSERT_EQ(phases.size(), 2U);
  EXPECT_EQ(phases[0].first_step, 0);
  EXPECT_EQ(phases[1].first_step, 900);
  EXPECT_EQ(phases[0].dataset->max_length(), 16);
  EXPECT_EQ(phases[1].dataset, &data.train);
  EXPECT_EQ(phases[0].batch_size, 32);
  EXPECT_EQ(phases[0].micro_batch, 8);
  EXPECT_EQ(phases[1].micro_batch, 4) << "not above the batch";
  const auto sizes = planned.batch_sizes();
  EXPECT_EQ(sizes[1].first_step, 900);
  EXPECT_EQ(sizes[1].batch_size, 4);
}

/// scripts/make_training_golden.py: the recipe that this project ships, and a short run of it at every step.
TEST_F(Phases, OfTheShippedRecipeEqualTheGoldenStepsOfThePapers) {
  const std::string tree = ALBERT_SOURCE_DIR;
  const auto golden = nlohmann::json::parse(read_file(tree + "/tests/golden/train/phases.json")).at("values");
  ASSERT_EQ(golden.size(), 2U);
  for (const auto& run : golden) {
    const config::Overrides overrides(run.at("set").get<std::vector<std::string>>());
    const auto config = config::read_config<PretrainConfig>(tree + "/configs/pretrain/two-phases.yaml", overrides);
    const auto data = make(config);
    const auto planned = plan_run(config, data.train);
    EXPECT_EQ(planned.steps.total_steps, run.at("total_steps"));
    const Schedule schedule(config.schedule, config.optimizer.algorithm.learning_rate, planned.scale, planned.batch_sizes());
    for (const auto& expected : run.at("steps")) {
      const auto step = expected.at("step").get<int64_t>();
      const auto& phase = planned.data.phase(step);
      EXPECT_EQ(phase.dataset->max_length(), expected.at("max_length")) << step;
      EXPECT_EQ(phase.batch_size, expected.at("batch_size")) << step;
      EXPECT_NEAR(schedule.learning_rate(step), expected.at("learning_rate").get<double>(), 1e-15) << step;
      EXPECT_NEAR(planned.data.masking_probability(step).value(), expected.at("masking_probability").get<double>(), 1e-12) << step;
    }
  }
}

TEST_F(Phases, WithoutThemAllStepsAreAlike) {
  const auto config = parse({"phases=[]", "training.micro_batch=auto"});
  const auto data = make(config);
  const auto planned = plan_run(config, data.train);
  EXPECT_TRUE(planned.data.is_uniform());
  EXPECT_EQ(planned.data.phases()[0].micro_batch, 32);
  EXPECT_EQ(planned.data.phases()[0].dataset, &data.train);
}

TEST_F(Phases, ADurationInEpochsIsThatOfThePhasesTogether) {
  const auto config = parse({"training.duration=20 epochs"});
  const auto data = make(config);
  const auto planned = plan_run(config, data.train);
  const auto& phases = planned.data.phases();
  const auto total = static_cast<double>(planned.steps.total_steps);
  EXPECT_EQ(phases[1].first_step, std::llround(0.9 * total));
  const auto first_steps = static_cast<double>(phases[1].first_step);
  const double epochs = first_steps * 32 / static_cast<double>(phases[0].dataset->examples_per_epoch(0)) +
                        (total - first_steps) * 4 / static_cast<double>(data.train.examples_per_epoch(0));
  EXPECT_NEAR(epochs, 20, 0.2);
  EXPECT_NEAR(planned.data.epochs(planned.steps.total_steps, (phases[1].first_step * 32) + (planned.steps.total_steps - phases[1].first_step) * 4), epochs,
              1e-9);
}

TEST_F(Phases, AFallingMaskingProbabilityEndsAtTheLastStepAndIsWhatValidationHas) {
  const auto config = parse({"objective.masking.probability=0.3", "objective.masking.end_probability=0.15", "data.validation_fraction=0.2"});
  const auto data = make(config);
  const auto planned = plan_run(config, data.train);
  EXPECT_DOUBLE_EQ(*planned.data.masking_probability(0), 0.3);
  EXPECT_DOUBLE_EQ(*planned.data.masking_probability(999), 0.15);
  const auto low = parse({"data.validation_fraction=0.2"});
  const auto expected = make(low).validation->example(0, 2);
  EXPECT_EQ(data.validation->example(0, 2).masked.targets, expected.masked.targets);
}

TEST_F(Phases, EachMustHaveAStep) {
  const auto config = parse({"training.duration=3 steps"});
  EXPECT_THAT([&] { (void)phase_beginnings(config.phases, 3); },
              ThrowsMessage<ConfigError>("phases[0].until: must leave each phase at least one of the 3 steps of the run, got 90 %, step 3 after a phase "
                                         "that begins at step 0"));
  EXPECT_THAT(phase_beginnings(config.phases, 10), ElementsAre(0, 9));
  EXPECT_THAT(phase_beginnings({}, 10), ElementsAre(0));
  const auto mixed = config::parse_config<PretrainConfig>("output: x\nphases: [{until: 50 %}, {until: 20 steps}, {}]\n", "c.yaml");
  EXPECT_THAT(phase_beginnings(mixed.phases, 30), ElementsAre(0, 15, 20));
  EXPECT_THROW((void)phase_beginnings(mixed.phases, 40), ConfigError);
}

TEST_F(Phases, WhatIsTrainedOnBelongsToTheIdentityAndTheirEndsDoNot) {
  const auto reference = identity_of(parse());
  EXPECT_THAT(config::diff_configs(reference, identity_of(parse({"phases[0].until=500 steps", "phases[1].batch_size=8"}))), ::testing::IsEmpty());
  for (const char* refused : {"phases[0].max_length=32", "phases[1].masking_probability=0.3", "objective.masking.end_probability=0.1"}) {
    EXPECT_EQ(config::diff_configs(reference, identity_of(parse({refused}))).size(), 1U) << refused;
  }
}

}  // namespace
}  // namespace albert
