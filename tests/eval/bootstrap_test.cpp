#include "golden.h"

#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/eval/bootstrap.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace albert {
namespace {

using testing::expect_golden;
using testing::golden_values;

/// The mean of some of the values.
IndexStatistic mean_of(const std::vector<double>& values) {
  return [&values](std::span<const int64_t> indices) {
    double sum = 0;
    for (const int64_t index : indices) sum += values.at(static_cast<size_t>(index));
    return sum / static_cast<double>(indices.size());
  };
}

TEST(Quantile, EqualsNumpy) {
  const auto golden = golden_values("statistics");
  const auto values = golden["values"].get<std::vector<double>>();
  for (const auto& quantile : golden["quantiles"]) {
    expect_golden(quantile_of_sorted(values, quantile[0]), quantile[1], quantile.dump());
  }
}

TEST(Quantile, OfOneValueIsTheValueAndOfNoneIsNaN) {
  EXPECT_EQ(quantile_of_sorted(std::vector{3.0}, 0.3), 3.0);
  EXPECT_TRUE(std::isnan(quantile_of_sorted({}, 0.3)));
  EXPECT_THROW(quantile_of_sorted(std::vector{3.0}, 1.5), InternalError);
  EXPECT_EQ(median({5, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 8}), 3);
}

TEST(Bootstrap, IsAboutTheNormalIntervalOfAMean) {
  RandomStream random(7, "test");
  std::vector<double> values(400);
  for (double& value : values) value = random.normal();
  double mean = 0;
  double squares = 0;
  for (const double value : values) mean += value / 400;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double standard_error = std::sqrt(squares / 400) / std::sqrt(400.0);
  const Interval interval = bootstrap_interval(400, mean_of(values), {.samples = 4000});
  EXPECT_NEAR(interval.low, mean - kNormalQuantile95 * standard_error, 0.1 * standard_error);
  EXPECT_NEAR(interval.high, mean + kNormalQuantile95 * standard_error, 0.1 * standard_error);
}

TEST(Bootstrap, IsTheSameForTheSameSeedOnly) {
  const std::vector<double> values{1, 2, 3, 5, 8, 13, 21, 34};
  const Interval first = bootstrap_interval(8, mean_of(values), {.seed = 3});
  const Interval again = bootstrap_interval(8, mean_of(values), {.seed = 3});
  const Interval other = bootstrap_interval(8, mean_of(values), {.seed = 4});
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  EXPECT_TRUE(first.low != other.low || first.high != other.high);
}

TEST(Bootstrap, WidensWithTheLevel) {
  const std::vector<double> values{1, 2, 3, 5, 8, 13, 21, 34};
  const Interval narrow = bootstrap_interval(8, mean_of(values), {.level = 0.5});
  const Interval wide = bootstrap_interval(8, mean_of(values), {.level = 0.99});
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
}

TEST(Bootstrap, DrawsAsManyAsThereAreFromAllOfThem) {
  std::vector<int64_t> seen(5, 0);
  int64_t drawn = 0;
  const auto count = [&](std::span<const int64_t> indices) {
    drawn += static_cast<int64_t>(indices.size());
    for (const int64_t index : indices) ++seen.at(static_cast<size_t>(index));
    return 0.0;
  };
  bootstrap_interval(5, count, {.samples = 2000});
  EXPECT_EQ(drawn, 10000);
  // 2000 expected for each, standard deviation 40.
  for (const int64_t times : seen) EXPECT_NEAR(static_cast<double>(times), 2000, 200);
}

TEST(Bootstrap, LeavesOutSamplesWithoutAValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto undefined_when_constant = [&](std::span<const int64_t> indices) {
    return std::ranges::adjacent_find(indices, std::not_equal_to()) == indices.end() ? nan : 1.0;
  };
  const Interval interval = bootstrap_interval(2, undefined_when_constant);
  EXPECT_EQ(interval.low, 1.0);
  EXPECT_EQ(interval.high, 1.0);
  const Interval none = bootstrap_interval(2, [&](std::span<const int64_t>) { return nan; });
  EXPECT_TRUE(std::isnan(none.low) && std::isnan(none.high));
  const Interval empty = bootstrap_interval(0, [](std::span<const int64_t>) { return 1.0; });
  EXPECT_TRUE(std::isnan(empty.low) && std::isnan(empty.high));
}

TEST(Bootstrap, RefusesImpossibleOptions) {
  const auto one = [](std::span<const int64_t>) { return 1.0; };
  EXPECT_THROW(bootstrap_interval(-1, one), InternalError);
  EXPECT_THROW(bootstrap_interval(1, one, {.samples = 0}), InternalError);
  EXPECT_THROW(bootstrap_interval(1, one, {.level = 1}), InternalError);
}

}  // namespace
}  // namespace albert
