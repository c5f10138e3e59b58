#include <albert/base/error.h>
#include <albert/optim/schedule.h>

#include <gmock/gmock.h>

#include <cmath>

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

/// The documented formula, worked out another way: every shape, both origins, every step.
double closed_form(const ScheduleConfig& config, double peak, double warmup, double total, double t) {
  if (t < warmup) return peak / warmup * t;
  const double begin = config.decay_from == DecayFrom::start ? 0 : warmup;
  const double left = std::max(0.0, total - t) / (total - begin);  // 1 - x
  double share = 1;
  if (config.name == ScheduleName::linear) share = left;
  if (config.name == ScheduleName::polynomial) share = std::exp(config.power * std::log(left));
  if (config.name == ScheduleName::cosine) share = std::pow(std::sin(left * std::acos(0.0)), 2);  // (1 + cos(pi x)) / 2
  return (1 - share) * config.end_learning_rate + share * peak;
}

TEST(Schedule, EveryShapeIsItsClosedFormAtEveryStep) {
  const DurationScale scale{.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = 240};
  for (const auto name : {ScheduleName::linear, ScheduleName::polynomial, ScheduleName::cosine, ScheduleName::constant}) {
    for (const auto from : {DecayFrom::start, DecayFrom::warmup_end}) {
      for (const double warmup : {0.0, 30.0}) {
        const ScheduleConfig config{.name = name, .warmup = {warmup, DurationUnit::steps}, .decay_from = from, .end_learning_rate = 1e-4, .power = 1.7};
        const Schedule schedule(config, 3e-3, scale);
        for (int64_t step = 0; step <= 250; ++step) {
          EXPECT_NEAR(schedule.learning_rate(step), closed_form(config, 3e-3, warmup, 240, static_cast<double>(step)), 1e-15)
              << config::enum_name(name) << " step " << step;
        }
      }
    }
  }
}

TEST(Schedule, ScalesWithTheBatchAsTheTableOfTheLambPaper) {
  // BERT at sequence length 128: batch, steps, rate * 1000 / 5 as a power of two, warm-up ratio.
  struct Row {
    int64_t batch, steps;
    double halvings, warmup_ratio;
  };
  for (const auto& row : {Row{512, 1'000'000, 3, 1.0 / 320}, Row{1024, 500'000, 2.5, 1.0 / 160}, Row{2048, 250'000, 2, 1.0 / 80},
                          Row{4096, 125'000, 1.5, 1.0 / 40}, Row{8192, 62'500, 1, 1.0 / 20}, Row{16384, 31'250, 0.5, 1.0 / 10},
                          Row{32768, 15'625, 0, 1.0 / 5}}) {
    const DurationScale scale{.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = static_cast<double>(row.steps)};
    const double peak = 5e-3 / std::exp2(1.5);  // of the row of 4096
    const ScheduleConfig config{.warmup = {2.5, DurationUnit::percent}, .decay_from = DecayFrom::warmup_end, .scale_with_batch = 4096};
    const Schedule schedule(config, peak, scale, {{0, row.batch}});
    EXPECT_EQ(schedule.warmup_steps(), std::llround(row.warmup_ratio * static_cast<double>(row.steps)));
    EXPECT_EQ(schedule.warmup_steps(), 3125);
    EXPECT_NEAR(schedule.learning_rate(3125), 5e-3 / std::exp2(row.halvings), 1e-15);
    const Schedule in_steps({.warmup = kWarmup, .scale_with_batch = 4096}, peak, scale, {{0, row.batch}});
    EXPECT_EQ(in_steps.warmup_steps(), 3125) << "steps stay";
  }
}

TEST(Schedule, FollowsABatchSizeThatChanges) {
  const DurationScale scale{.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = 100};
  const ScheduleConfig config{.end_learning_rate = 0.5, .scale_with_batch = 16};
  const Schedule schedule(config, 2.0, scale, {{0, 64}, {90, 16}, {95, 4}});
  const Schedule plain({.end_learning_rate = 0.5}, 2.0, scale);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(89), 2 * plain.learning_rate(89));
  EXPECT_DOUBLE_EQ(schedule.learning_rate(90), plain.learning_rate(90));
  EXPECT_DOUBLE_EQ(schedule.learning_rate(95), plain.learning_rate(95) / 2);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(100), 0.25);
  EXPECT_THROW((void)Schedule(config, 2.0, scale), InternalError) << "the batch size is not known";
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
  EXPECT_THAT(names, ::testing::ElementsAre("name", "warmup", "decay_from", "end_learning_rate", "power", "scale_with_batch"));
}

}  // namespace
}  // namespace albert
