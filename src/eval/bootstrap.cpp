#include "eval/ratios.h"

#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/eval/bootstrap.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace albert {

double quantile_of_sorted(std::span<const double> ascending, double probability) {
  ALBERT_CHECK(probability >= 0 && probability <= 1, "quantile {}", probability);
  if (ascending.empty()) return kUndefined;
  const double position = probability * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(position);
  const double low = ascending[below];
  const double high = ascending[std::min(below + 1, ascending.size() - 1)];
  if (low == high) return low;  // also where both are infinite
  return std::lerp(low, high, position - std::floor(position));
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return quantile_of_sorted(values, 0.5);
}

Interval bootstrap_interval(int64_t n, const IndexStatistic& statistic, const BootstrapOptions& options) {
  ALBERT_CHECK(n >= 0, "bootstrap of {} examples", n);
  ALBERT_CHECK(options.samples > 0, "{} bootstrap samples", options.samples);
  ALBERT_CHECK(options.level > 0 && options.level < 1, "level {}", options.level);
  if (n == 0) return {.low = kUndefined, .high = kUndefined};
  std::vector<int64_t> indices(static_cast<size_t>(n));
  std::vector<double> values;
  values.reserve(static_cast<size_t>(options.samples));
  for (int64_t sample = 0; sample < options.samples; ++sample) {
    RandomStream random(options.seed, "bootstrap", static_cast<uint64_t>(sample));
    for (int64_t& index : indices) index = static_cast<int64_t>(random.below(static_cast<uint64_t>(n)));
    const double value = statistic(indices);
    if (!std::isnan(value)) values.push_back(value);
  }
  std::ranges::sort(values);
  return {.low = quantile_of_sorted(values, (1 - options.level) / 2),
          .high = quantile_of_sorted(values, (1 + options.level) / 2)};
}

}  // namespace albert
