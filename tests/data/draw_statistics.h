// Counts of random draws against what they should be.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace albert::testing {

/// Whether `count` of `trials` is what a probability `p` gives, within three standard deviations.
inline ::testing::AssertionResult within_three_sigma(double count, double trials, double p) {
  const double z = (count - trials * p) / std::sqrt(trials * p * (1 - p));
  if (std::abs(z) <= 3) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << count << " of " << trials << ", expected a share of " << p << ", z = " << z;
}

/// Whether counts that should be equal are, by Pearson's statistic; its mean is the degrees of freedom, its variance twice that.
inline ::testing::AssertionResult evenly_spread(const std::vector<double>& counts) {
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double statistic = 0;
  for (const double count : counts) statistic += (count - expected) * (count - expected) / expected;
  const auto freedom = static_cast<double>(counts.size() - 1);
  const double z = (statistic - freedom) / std::sqrt(2 * freedom);
  if (z <= 3) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "chi-square " << statistic << " of " << freedom << " degrees of freedom, z = " << z;
}

}  // namespace albert::testing
