#include "report/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

TEST(Axis, HasRoundTicksInsideTheInterval) {
  EXPECT_THAT(make_axis(0, 10000, 6).ticks, Pointwise(DoubleNear(1e-9), {0.0, 2000.0, 4000.0, 6000.0, 8000.0, 10000.0}));
  EXPECT_THAT(make_axis(6.13, 9.4, 5).ticks, Pointwise(DoubleNear(1e-9), {7.0, 8.0, 9.0}));
  EXPECT_THAT(make_axis(0.47, 0.81, 5).ticks, Pointwise(DoubleNear(1e-9), {0.5, 0.6, 0.7, 0.8}));
  EXPECT_THAT(make_axis(-0.3, 0.3, 5).ticks, Pointwise(DoubleNear(1e-9), {-0.2, 0.0, 0.2}));
}

TEST(Axis, WidensAnEmptyInterval) {
  for (const double value : {0.0, 3.0, -2.0, 1e-5}) {
    const Axis axis = make_axis(value, value, 5);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
    EXPECT_GE(axis.ticks.size(), 2U);
    EXPECT_LT(axis.ticks.size(), 12U);
  }
}

TEST(Axis, LabelsTellTicksApart) {
  EXPECT_EQ(step_label(0), "0");
  EXPECT_EQ(step_label(2500), "2500");
  EXPECT_EQ(step_label(12500), "12.5k");
  EXPECT_EQ(step_label(1.5e6), "1.5M");
  EXPECT_EQ(value_label(7, 1), "7");
  EXPECT_EQ(value_label(0.25, 0.05), "0.25");
  EXPECT_EQ(value_label(0.0005, 0.0005), "0.0005");
  EXPECT_EQ(value_label(5e-5, 1e-5), "5e-05");
  EXPECT_EQ(value_label(0, 1e-5), "0");
  EXPECT_EQ(percent_label(0.5, 0.1), "50 %");
  EXPECT_EQ(percent_label(0.505, 0.005), "50.5 %");
}

}  // namespace
}  // namespace albert
