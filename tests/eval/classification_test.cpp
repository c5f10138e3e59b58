#include <albert/base/error.h>
#include <albert/eval/classification.h>

#include <gtest/gtest.h>

#include <cmath>

namespace albert {
namespace {

TEST(WilsonInterval, EqualsPublishedValues) {
  // Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
  const Interval middle = wilson_interval(81, 263);
  EXPECT_NEAR(middle.low, 0.2553, 5e-5);
  EXPECT_NEAR(middle.high, 0.3662, 5e-5);
  const Interval small = wilson_interval(15, 148);
  EXPECT_NEAR(small.low, 0.0624, 5e-5);
  EXPECT_NEAR(small.high, 0.1605, 5e-5);
  const Interval none = wilson_interval(0, 20);
  EXPECT_DOUBLE_EQ(none.low, 0.0);
  EXPECT_NEAR(none.high, 0.1611, 5e-5);
}

TEST(WilsonInterval, IsSymmetricInSuccessAndFailure) {
  const Interval few = wilson_interval(3, 40);
  const Interval many = wilson_interval(37, 40);
  EXPECT_NEAR(few.low, 1 - many.high, 1e-15);
  EXPECT_NEAR(few.high, 1 - many.low, 1e-15);
}

TEST(WilsonInterval, IsEverythingWithoutTrials) {
  EXPECT_EQ(wilson_interval(0, 0).low, 0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

TEST(WilsonInterval, RefusesMoreSuccessesThanTrials) { EXPECT_THROW(wilson_interval(3, 2), InternalError); }

TEST(AccuracyCounts, CountsSingleAndSummedAnswers) {
  AccuracyCounts counts;
  EXPECT_TRUE(std::isnan(counts.accuracy()));
  counts.add(1, 1);
  counts.add(0, 1);
  counts.add_counts(5, 6);
  EXPECT_EQ(counts.correct(), 6);
  EXPECT_EQ(counts.total(), 8);
  EXPECT_DOUBLE_EQ(counts.accuracy(), 0.75);
  EXPECT_LT(counts.interval_95().low, 0.75);
  EXPECT_GT(counts.interval_95().high, 0.75);
}

}  // namespace
}  // namespace albert
