#include "golden.h"

#include <albert/base/error.h>
#include <albert/eval/correlation.h>

#include <limits>
#include <vector>

namespace albert {
namespace {

using testing::expect_golden;
using testing::golden_values;
using Values = std::vector<double>;

TEST(Correlation, EqualsScipy) {
  for (const auto& golden : golden_values("correlation")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    const auto x = golden["x"].get<Values>();
    const auto y = golden["y"].get<Values>();
    expect_golden(pearson(x, y), golden["pearson"], "Pearson");
    expect_golden(spearman(x, y), golden["spearman"], "Spearman");
  }
}

TEST(Correlation, OfAHandComputedExample) {
  const Values x{1, 2, 3, 4};
  const Values y{1, 3, 2, 4};
  EXPECT_NEAR(pearson(x, y), 0.8, 1e-15);
  // Ranks 1, 2.5, 2.5, 4: covariance 4.5, variances 4.5 and 5.
  const Values tied{1, 2, 2, 9};
  EXPECT_NEAR(spearman(tied, x), 4.5 / std::sqrt(4.5 * 5), 1e-15);
}

TEST(Correlation, IsSymmetricAndKeepsItsSizeUnderLinearMaps) {
  const Values x{0.3, -2, 5, 1e-3, 4};
  const Values y{1, 0.2, 3, 3, -1};
  Values mapped;
  for (const double value : x) mapped.push_back(100 - 3 * value);
  EXPECT_DOUBLE_EQ(pearson(x, y), pearson(y, x));
  EXPECT_NEAR(pearson(mapped, y), -pearson(x, y), 1e-12);
  EXPECT_NEAR(spearman(mapped, y), -spearman(x, y), 1e-15);
}

TEST(Correlation, KeepsItsDigitsBesideALargeMean) {
  const Values x{1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4};
  EXPECT_NEAR(pearson(x, Values{1, 3, 2, 4}), 0.8, 1e-12);

  // The mean of many values is off by more than their deviations, which are a few units in the last place.
  Values small;
  Values large;
  for (int i = 0; i < 100'003; ++i) {
    small.push_back(i * 31 % 7);
    large.push_back(1e8 + 0x1p-26 * small.back());
  }
  EXPECT_NEAR(pearson(small, large), 1, 1e-12);
}

TEST(Correlation, StaysWithinOne) {
  Values x;
  for (int i = 0; i < 1000; ++i) x.push_back(0.1 * i * i);
  EXPECT_LE(pearson(x, x), 1.0);
  EXPECT_NEAR(pearson(x, x), 1.0, 1e-15);
}

TEST(Correlation, IsNaNWhereItIsUndefined) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto correlation : {pearson, spearman}) {
    EXPECT_TRUE(std::isnan(correlation(Values{}, Values{})));
    EXPECT_TRUE(std::isnan(correlation(Values{1}, Values{2})));
    EXPECT_TRUE(std::isnan(correlation(Values{0.1, 0.1, 0.1}, Values{1, 2, 3})));
    EXPECT_TRUE(std::isnan(correlation(Values{0, 0}, Values{1, 2})));
    EXPECT_TRUE(std::isnan(correlation(Values{1, nan, 3}, Values{1, 2, 3})));
  }
  EXPECT_TRUE(std::isnan(pearson(Values{1, infinity, 3}, Values{1, 2, 3})));
  EXPECT_NEAR(spearman(Values{1, infinity, 3}, Values{1, 3, 2}), 1.0, 1e-15);
}

TEST(Correlation, RefusesDifferentLengths) {
  EXPECT_THROW(pearson(Values{1, 2}, Values{1}), InternalError);
  EXPECT_THROW(spearman(Values{1, 2}, Values{1}), InternalError);
}

}  // namespace
}  // namespace albert
