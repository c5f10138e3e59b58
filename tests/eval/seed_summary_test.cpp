#include "golden.h"

#include <albert/base/error.h>
#include <albert/eval/seed_summary.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace albert {
namespace {

using testing::expect_golden;
using testing::golden_values;

TEST(StudentQuantile, EqualsScipy) {
  const auto cases = golden_values("statistics");
  for (const auto& golden : cases.at("student")) {
    // Relative: with one degree of freedom and 99 % it is 63.7.
    const auto expected = golden[2].get<double>();
    EXPECT_NEAR(student_quantile(golden[0], golden[1]) / expected, 1, 1e-9) << golden.dump();
  }
}

TEST(StudentQuantile, RefusesImpossibleArguments) {
  EXPECT_THROW(student_quantile(0, 0.95), InternalError);
  EXPECT_THROW(student_quantile(3, 1), InternalError);
}

TEST(SeedSummary, EqualsScipyAndNumpy) {
  const auto cases = golden_values("statistics");
  for (const auto& golden : cases.at("runs")) {
    const auto scores = golden["scores"].get<std::vector<double>>();
    const SeedSummary summary = summarize_seeds(scores);
    EXPECT_EQ(summary.runs, static_cast<int64_t>(scores.size()));
    expect_golden(summary.median, golden["median"], "median");
    expect_golden(summary.mean, golden["mean"], "mean");
    expect_golden(summary.standard_deviation, golden["standard_deviation"], "standard deviation");
    expect_golden(summary.half_width, golden["half_width"], "half width");
    EXPECT_EQ(summary.minimum, std::ranges::min(scores));
    EXPECT_EQ(summary.maximum, std::ranges::max(scores));
  }
}

TEST(SeedSummary, OfOneRunHasNoSpread) {
  const SeedSummary summary = summarize_seeds(std::vector{0.8});
  EXPECT_EQ(summary.median, 0.8);
  EXPECT_EQ(summary.minimum, 0.8);
  EXPECT_EQ(summary.mean, 0.8);
  EXPECT_TRUE(std::isnan(summary.standard_deviation));
  EXPECT_TRUE(std::isnan(summary.half_width));
}

TEST(SeedSummary, IsThatOfTheFiniteScoresAndCountsTheOthers) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto summary = summarize_seeds(std::vector{0.8, std::numeric_limits<double>::quiet_NaN(), 0.9, -infinity, 0.4});
  const auto finite = summarize_seeds(std::vector{0.8, 0.9, 0.4});
  EXPECT_EQ(summary.runs, 5);
  EXPECT_EQ(summary.left_out, 2);
  EXPECT_EQ(finite.left_out, 0);
  EXPECT_EQ(summary.median, 0.8);
  for (const auto member : {&SeedSummary::median, &SeedSummary::minimum, &SeedSummary::maximum, &SeedSummary::mean,
                            &SeedSummary::standard_deviation, &SeedSummary::half_width}) {
    EXPECT_EQ(summary.*member, finite.*member);
  }
}

TEST(SeedSummary, IsUndefinedWithoutAFiniteScore) {
  for (const auto& scores : {std::vector<double>{}, std::vector<double>(2, std::numeric_limits<double>::quiet_NaN())}) {
    const SeedSummary summary = summarize_seeds(scores);
    EXPECT_EQ(summary.runs, static_cast<int64_t>(scores.size()));
    EXPECT_EQ(summary.left_out, summary.runs);
    for (const double value :
         {summary.median, summary.minimum, summary.maximum, summary.mean, summary.standard_deviation, summary.half_width}) {
      EXPECT_TRUE(std::isnan(value));
    }
  }
}

}  // namespace
}  // namespace albert
