#include <albert/eval/running_mean.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace albert {
namespace {

TEST(RunningMean, WeighsByTargets) {
  RunningMean mean;
  EXPECT_TRUE(std::isnan(mean.mean()));
  mean.add(2.0, 3);
  mean.add(6.0, 1);
  EXPECT_DOUBLE_EQ(mean.mean(), 3.0);
  EXPECT_DOUBLE_EQ(mean.weight(), 4.0);
}

TEST(RunningMean, LosesNoSmallValuesBesideLargeOnes) {
  RunningMean mean;
  mean.add(1e16);
  for (int i = 0; i < 1000; ++i) mean.add(1.0);
  mean.add(-1e16);
  EXPECT_DOUBLE_EQ(mean.mean(), 1000.0 / 1002.0);
}

TEST(RunningMean, IgnoresTheMeanOverNothing) {
  RunningMean mean;
  mean.add(std::numeric_limits<double>::quiet_NaN(), 0);
  mean.add(1.5, 2);
  EXPECT_DOUBLE_EQ(mean.mean(), 1.5);
}

TEST(RunningMean, KeepsAValueThatIsNotFinite) {
  RunningMean mean;
  mean.add(1.0);
  mean.add(std::numeric_limits<double>::infinity());
  mean.add(1.0);
  EXPECT_TRUE(std::isinf(mean.mean()));
}

}  // namespace
}  // namespace albert
