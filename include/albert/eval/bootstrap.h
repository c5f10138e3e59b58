// How far a score would move with other examples: the percentile bootstrap.
//
//   const Interval interval = bootstrap_interval(n, [&](std::span<const int64_t> indices) { return mean_of(scores, indices); });
#pragma once

#include <albert/eval/classification.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace albert {

struct BootstrapOptions {
  int64_t samples = 1000;
  uint64_t seed = 1;
  double level = 0.95;  // in (0, 1)
};

/// A score of the examples with these indices; an index may come several times.
using IndexStatistic = std::function<double(std::span<const int64_t> indices)>;

/// Percentile bootstrap (Efron 1979; Efron and Tibshirani 1993, chapter 13): draws n of n examples with replacement, `samples`
/// times, and returns the (1 - level) / 2 and (1 + level) / 2 quantiles of the statistic. The same arguments give the same
/// interval. It says how much the score depends on the choice of the examples, not on the seed of the training (see
/// seed_summary.h). Samples where the statistic is NaN (a correlation of examples that are all equal) are left out; both ends are
/// NaN when none is left or n is 0. Throws InternalError when samples is not positive, n is negative or level is not in (0, 1).
Interval bootstrap_interval(int64_t n, const IndexStatistic& statistic, const BootstrapOptions& options = {});

/// Quantile of ascending values with linear interpolation between neighbours (numpy's default, Hyndman and Fan 1996, type 7).
/// NaN without values. Throws InternalError when probability is not in [0, 1].
double quantile_of_sorted(std::span<const double> ascending, double probability);

/// Of values in any order: the middle one, or the mean of the two in the middle. NaN without values.
double median(std::vector<double> values);

}  // namespace albert
