#include <albert/base/error.h>
#include <albert/optim/schedule.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double kPeak = 0.00176;
const Duration kWarmup{3125, DurationUnit::steps};
const DurationScale kAlbert{.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = 125'000};

TEST(Schedule, GooglesDecayCountsFromStepZero) {
  const Schedule schedule({.warmup = kWarmup}, kPeak, kAlbert);
  EXPECT_EQ(schedule.learning_rate(0), 0.0) << "the first update has rate 0";
  EXPECT_DOUBLE_EQ(schedule.learning_rate(1), kPeak / 3125);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(3124), kPeak * 3124 / 3125);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(3125), kPeak * 0.975) << "it falls at the end of the warm-up";
  EXPECT_DOUBLE_EQ(schedule.learning_rate(62'500), kPeak * 0.5);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(124'999), kPeak * (1.0 - 124'999.0 / 125'000.0));
  EXPECT_EQ(schedule.learning_rate(125'000), 0.0);
  EXPECT_EQ(schedule.learning_rate(999'999), 0.0);
}

TEST(Schedule, HuggingFacesDecayCountsFromTheEndOfTheWarmUp) {
  const Schedule schedule({.warmup = kWarmup, .decay_from = DecayFrom::warmup_end}, kPeak, kAlbert);
  EXPECT_EQ(schedule.learning_rate(0), 0.0);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(3125), kPeak);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(3125 + (125'000 - 3125) / 5), kPeak * 0.8);
  EXPECT_EQ(schedule.learning_rate(125'000), 0.0);
}

TEST(Schedule, WithoutWarmUpTheFirstUpdateHasThePeak) {
  EXPECT_DOUBLE_EQ(Schedule({}, kPeak, kAlbert).learning_rate(0), kPeak);
  EXPECT_DOUBLE_EQ(Schedule({.decay_from = DecayFrom::warmup_end}, kPeak, kAlbert).learning_rate(0), kPeak);
}

TEST(Schedule, ShapesAreWhatTheirNamesSay) {
  const DurationScale scale{.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = 100};
  EXPECT_DOUBLE_EQ(Schedule({.name = ScheduleName::constant}, 2.0, scale).learning_rate(77), 2.0);
  EXPECT_DOUBLE_EQ(Schedule({.name = ScheduleName::polynomial, .power = 2.0}, 2.0, scale).learning_rate(75), 2.0 * 0.0625);
  EXPECT_DOUBLE_EQ(Schedule({.name = ScheduleName::cosine}, 2.0, scale).learning_rate(50), 1.0);
  EXPECT_NEAR(Schedule({.name = ScheduleName::cosine}, 2.0, scale).learning_rate(100), 0.0, 1e-15);
  EXPECT_DOUBLE_EQ(Schedule({.end_learning_rate = 1.0}, 2.0, scale).learning_rate(50), 1.5);
  EXPECT_DOUBLE_EQ(Schedule({.end_learning_rate = 1.0}, 2.0, scale).learning_rate(100), 1.0);
}

TEST(Schedule, WarmUpTakesEveryUnit) {
  const DurationScale scale{.steps_per_epoch = 50, .tokens_per_step = 1000, .total_steps = 200};
  EXPECT_EQ(Schedule({.warmup = {10, DurationUnit::percent}}, 1.0, scale).warmup_steps(), 20);
  EXPECT_EQ(Schedule({.warmup = {0.5, DurationUnit::epochs}}, 1.0, scale).warmup_steps(), 25);
  EXPECT_EQ(Schedule({.warmup = {30'000, DurationUnit::tokens}}, 1.0, scale).warmup_steps(), 30);
  EXPECT_EQ(Schedule({.warmup = {0, DurationUnit::percent}}, 1.0, scale).warmup_steps(), 0);
  EXPECT_DOUBLE_EQ(
      Schedule({.warmup = {100, DurationUnit::percent}, .decay_from = DecayFrom::warmup_end}, 1.0, scale).learning_rate(199),
      199.0 / 200);
}

TEST(Schedule, RefusesWhatCannotBe) {
  const DurationScale scale{.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = 100};
  EXPECT_THAT(
      [&] {
        (void)Schedule({.warmup = {101, DurationUnit::steps}}, 1.0, scale);
      },
      ThrowsMessage<ConfigError>("schedule.warmup: must be at most the 100 steps of the run, got 101 steps"));
  EXPECT_THAT(
      [&] {
        (void)Schedule({.warmup = {1, DurationUnit::epochs}}, 1.0, scale);
      },
      ThrowsMessage<ConfigError>(HasSubstr("schedule.warmup: ")));
  EXPECT_THAT([&] { (void)Schedule({.end_learning_rate = 2.0}, 1.0, scale); },
              ThrowsMessage<ConfigError>("schedule.end_learning_rate: must be at most optimizer.learning_rate 1, got 2"));
  EXPECT_THROW((void)Schedule({}, 1.0, DurationScale{}), InternalError);
}

TEST(Schedule, ItsFieldsAreListed) {
  std::vector<std::string> names;
  ScheduleConfig config;
  visit_fields(config, [&](const config::Field& field, auto&) { names.emplace_back(field.name); });
  EXPECT_THAT(names, ::testing::ElementsAre("name", "warmup", "decay_from", "end_learning_rate", "power"));
}

}  // namespace
}  // namespace albert
