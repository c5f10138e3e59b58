#include <albert/config/implied_defaults.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <fstream>

#include "prototype.h"

namespace albert::prototype {
namespace {

using ::testing::ThrowsMessage;

/// A recipe that brings a rate, and steps with a warm-up.
struct Recipe {
  std::string recipe{};
  OptimizerOptions optimizer{};
  Training training{};

  [[nodiscard]] std::vector<config::ImpliedDefault> implied_defaults() const {
    if (recipe != "short") return {};
    const std::string origin = "recipe default (short)";
    return {{"optimizer.learning_rate", "0.5", origin},
            {"training.warmup", "20 steps", origin, "training.duration"},
            {"training.duration", "80 steps", origin}};
  }
  void validate(config::Issues& issues) const {
    if (training.warmup.amount > training.duration.amount) issues.add("training.warmup", "must not be longer than training.duration");
    if (optimizer.learning_rate > optimizer.weight_decay * 10) issues.add("optimizer.learning_rate", "must be at most ten times the decay");
  }
};
template <config::Self<Recipe> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"recipe", "a name"}, c.recipe);
  visit(config::Field{"optimizer", "how"}, c.optimizer);
  visit(config::Field{"training", "how long"}, c.training);
}

constexpr const char* kShort = "recipe: short\noptimizer: {weight_decay: 1}\n";

Recipe read_recipe(const std::string& text, const config::Overrides& overrides = {}) {
  return config::parse_config<Recipe>(text, "c.yaml", overrides);
}

TEST(ImpliedDefaults, StandWhereNothingIsWritten) {
  const auto general = read_recipe("optimizer: {weight_decay: 1}");
  EXPECT_EQ(general.optimizer.learning_rate, 1.76e-3);
  EXPECT_EQ(to_string(general.training.duration), "10000 steps");
  for (const auto* rest : {"", "training:\n", "training: {seed: 5}\n"}) {
    const auto config = read_recipe(std::string(kShort) + rest);
    EXPECT_EQ(config.optimizer.learning_rate, 0.5);
    EXPECT_EQ(to_string(config.training.duration), "80 steps");
    EXPECT_EQ(to_string(config.training.warmup), "20 steps");
  }
  EXPECT_EQ(read_recipe("optimizer: {weight_decay: 1}", {"recipe=short"}).optimizer.learning_rate, 0.5) << "the name as an override";
}

TEST(ImpliedDefaults, GiveWayToWhatIsWrittenAnywhere) {
  EXPECT_EQ(read_recipe("recipe: short\noptimizer: {learning_rate: 1.76e-3}\n").optimizer.learning_rate, 1.76e-3)
      << "the general default, but written";
  EXPECT_EQ(read_recipe(kShort, {"optimizer.learning_rate=0.25"}).optimizer.learning_rate, 0.25);
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "base.yaml") << "optimizer: {learning_rate: 0.125, weight_decay: 1}\n";
  std::ofstream(folder / "run.yaml") << "include: base.yaml\nrecipe: short\n";
  EXPECT_EQ(config::read_config<Recipe>(folder / "run.yaml").optimizer.learning_rate, 0.125);
}

TEST(ImpliedDefaults, StandAsideWhereTheKeyTheyBelongToIsWritten) {
  const auto config = read_recipe(std::string(kShort) + "training: {duration: 700 steps}\n");
  EXPECT_EQ(to_string(config.training.duration), "700 steps");
  EXPECT_EQ(to_string(config.training.warmup), "500 steps") << "the general default";
  EXPECT_EQ(to_string(read_recipe(kShort, {"training.warmup=30 steps"}).training.duration), "80 steps");
}

TEST(ImpliedDefaults, HaveTheirOrigin) {
  config::Origins origins;
  (void)config::parse_config<Recipe>(config::ConfigText{.text = kShort, .name = "c.yaml"}, {"training.warmup=3 steps"}, &origins);
  EXPECT_EQ(origins["optimizer.learning_rate"], "recipe default (short)");
  EXPECT_EQ(origins["training.duration"], "recipe default (short)");
  EXPECT_EQ(origins["training.warmup"], "--set");
  EXPECT_EQ(origins["optimizer.weight_decay"], "c.yaml:2");
  EXPECT_FALSE(origins.contains("training.batch_size"));
}

TEST(ImpliedDefaults, AreNamedByTheRulesThatTheyBreak) {
  EXPECT_THAT([] { (void)read_recipe("recipe: short\n"); },
              ThrowsMessage<ConfigError>("recipe default (short): optimizer.learning_rate: must be at most ten times the decay"));
  EXPECT_THAT([] { (void)read_recipe("recipe: short\noptimizer: 3\n"); },
              ThrowsMessage<ConfigError>("c.yaml:2:12: optimizer: must be a section of 'key: value' lines, got '3'"));
}

TEST(ImpliedDefaults, AreWrittenAndReadBack) {
  const auto config = read_recipe(kShort);
  EXPECT_EQ(config::to_yaml(read_recipe(config::to_yaml(config))), config::to_yaml(config));
}

}  // namespace
}  // namespace albert::prototype
