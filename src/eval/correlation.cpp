#include "eval/ratios.h"

#include <albert/base/error.h>
#include <albert/eval/correlation.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace albert {
namespace {

bool is_constant(std::span<const double> values) {
  return std::ranges::all_of(values, [&](double value) { return value == values.front(); });
}

void subtract_mean(std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
}

double largest_size(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Deviations from the mean, divided by their length: their products sum up to the correlation. The values are not all equal.
std::vector<double> unit_deviations(std::span<const double> values) {
  // By a power of two, which costs no digit: no sum overflows.
  const int exponent = std::ilogb(largest_size(values));
  std::vector<double> result;
  result.reserve(values.size());
  for (const double value : values) result.push_back(std::scalbn(value, -exponent));
  subtract_mean(result);
  subtract_mean(result);  // what rounding left of a mean that is large beside the deviations
  const double widest = largest_size(result);
  double squares = 0;
  for (double& deviation : result) {
    deviation /= widest;  // else small ones would vanish when they are squared
    squares += deviation * deviation;
  }
  for (double& deviation : result) deviation /= std::sqrt(squares);
  return result;
}

/// Ranks from 1; equal values share the mean of their ranks.
std::vector<double> mean_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + 1 + end) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = rank;
  }
  return ranks;
}

}  // namespace

double pearson(std::span<const double> x, std::span<const double> y) {
  ALBERT_CHECK(x.size() == y.size(), "correlation of {} values with {}", x.size(), y.size());
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (x.size() < 2 || !std::ranges::all_of(x, is_finite) || !std::ranges::all_of(y, is_finite)) return kUndefined;
  if (is_constant(x) || is_constant(y)) return kUndefined;  // the mean of equal values need not be exactly the value
  const std::vector<double> a = unit_deviations(x);
  const std::vector<double> b = unit_deviations(y);
  return std::clamp(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), -1.0, 1.0);
}

double spearman(std::span<const double> x, std::span<const double> y) {
  ALBERT_CHECK(x.size() == y.size(), "correlation of {} values with {}", x.size(), y.size());
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::ranges::any_of(x, is_nan) || std::ranges::any_of(y, is_nan)) return kUndefined;
  return pearson(mean_ranks(x), mean_ranks(y));
}

}  // namespace albert
