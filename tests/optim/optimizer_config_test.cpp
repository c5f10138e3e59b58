#include "sample_parameters.h"

#include <albert/base/error.h>
#include <albert/optim/optimizer_config.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

std::vector<OptimizedParameter> three_parameters() {
  return {{.name = "a.weight", .tensor = sample_leaf({4, 2}, 1)},
          {.name = "a.bias", .tensor = sample_leaf({4}, 2)},
          {.name = "frozen_decay.weight", .tensor = sample_leaf({4}, 3), .decay = false}};
}

std::vector<bool> decays(const Optimizer& optimizer) {
  std::vector<bool> result;
  for (const OptimizedParameter& parameter : optimizer.parameters()) result.push_back(parameter.decay);
  return result;
}

TEST(OptimizerConfig, DefaultsAreAlberts) {
  const OptimizerConfig config;
  EXPECT_EQ(config.name, OptimizerName::lamb);
  EXPECT_EQ(config.learning_rate, 1.76e-3);
  EXPECT_EQ(config.weight_decay, 0.01);
  EXPECT_EQ(config.epsilon, 1e-6);
  EXPECT_FALSE(config.bias_correction);
}

TEST(OptimizerConfig, EveryNameOfTheTableBuilds) {
  for (const auto& [name, text] : enum_names(config::EnumTag<OptimizerName>{})) {
    OptimizerConfig config;
    config.name = name;
    EXPECT_EQ(make_optimizer(config, three_parameters())->name(), text);
  }
}

TEST(OptimizerConfig, NamesThatMatchThePatternAreExcluded) {
  EXPECT_THAT(decays(*make_optimizer({}, three_parameters())), ElementsAre(true, false, false));
  EXPECT_THAT(decays(*make_optimizer({.exclude = "^a\\."}, three_parameters())), ElementsAre(false, false, false));
  EXPECT_THAT(decays(*make_optimizer({.exclude = ""}, three_parameters())), ElementsAre(true, true, false));
}

/// The effective options, read off what a step without gradients does.
TEST(OptimizerConfig, EveryOptionReachesTheOptimizer) {
  OptimizerConfig config{.name = OptimizerName::adamw, .weight_decay = 0.5};
  const auto optimizer = make_optimizer(config, three_parameters());
  const at::Tensor before = optimizer->flat_parameters().clone();
  optimizer->step(0.1);
  EXPECT_LT(relative_error(optimizer->parameters()[0].tensor.flatten(), before.narrow(0, 0, 8) * (1 - 0.1 * 0.5)), 1e-6);

  config = {.name = OptimizerName::adamw, .weight_decay = 0, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 2.0};
  const auto moved = [](const OptimizerConfig& options) {
    const auto built = make_optimizer(options, three_parameters());
    const at::Tensor start = built->flat_parameters().clone();
    fill_gradients(*built, 5);
    built->step(1.0);
    return std::pair{start - built->flat_parameters(), built->flat_gradients().clone()};
  };
  const auto [plain, g] = moved(config);
  EXPECT_LT(relative_error(plain, 0.5 * g / (0.5 * g.abs() + 2.0)), 1e-6);
  config.bias_correction = true;
  EXPECT_LT(relative_error(moved(config).first, g / (g.abs() + 2.0)), 1e-6);

  config = {.name = OptimizerName::lamb, .clamp_weight_norm = 0.5};
  const at::Tensor step = moved(config).first.narrow(0, 0, 8);
  EXPECT_NEAR(step.norm().item<double>(), 0.5, 1e-6);
}

TEST(OptimizerConfig, ABadPatternIsAConfigError) {
  EXPECT_THAT([] { (void)make_optimizer({.exclude = "["}, three_parameters()); },
              ThrowsMessage<ConfigError>(::testing::HasSubstr("optimizer.exclude: must be a regular expression, got '['")));
}

TEST(OptimizerConfig, RulesAcrossFieldsAreReportedTogether) {
  const auto issues_of = [](const OptimizerConfig& config) {
    config::Issues issues;
    config.validate(issues);
    std::vector<std::string> texts;
    for (const auto& issue : issues.all()) texts.push_back(issue.key + ": " + issue.text);
    return texts;
  };
  EXPECT_THAT(issues_of({}), ElementsAre());
  EXPECT_THAT(issues_of({.clamp_weight_norm = 10.0}), ElementsAre());
  EXPECT_THAT(issues_of({.name = OptimizerName::adamw, .exclude = "(", .clamp_weight_norm = 10.0}),
              ElementsAre(::testing::StartsWith("exclude: must be a regular expression, got '('"),
                          "clamp_weight_norm: must be null for an optimizer without trust ratio, got 10"));
}

TEST(OptimizerConfig, ItsFieldsAreTheContract) {
  std::vector<std::string> names;
  OptimizerConfig config;
  visit_fields(config, [&](const config::Field& field, auto&) { names.emplace_back(field.name); });
  EXPECT_THAT(names, ElementsAre("name", "learning_rate", "weight_decay", "beta1", "beta2", "epsilon", "bias_correction",
                                 "exclude", "clamp_weight_norm"));
}

}  // namespace
}  // namespace albert
