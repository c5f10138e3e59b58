#include "eval/ratios.h"

#include <albert/base/error.h>
#include <albert/eval/bootstrap.h>
#include <albert/eval/seed_summary.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <vector>

namespace albert {
namespace {

/// P(|T| <= sqrt(degrees) tan(angle)).
double central_probability(int64_t degrees, double angle) {
  const bool is_odd = degrees % 2 == 1;
  const double square = std::cos(angle) * std::cos(angle);
  double term = is_odd ? std::cos(angle) : 1.0;
  double sum = 0;
  for (int64_t power = is_odd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= square * static_cast<double>(power + 1) / static_cast<double>(power + 2);
  }
  return is_odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

/// Sum of squared deviations over n - 1, square root.
double sample_deviation(std::span<const double> scores, double mean) {
  if (scores.size() < 2) return kUndefined;
  double squares = 0;
  for (const double score : scores) squares += (score - mean) * (score - mean);
  return std::sqrt(squares / static_cast<double>(scores.size() - 1));
}

}  // namespace

double student_quantile(int64_t degrees, double level) {
  ALBERT_CHECK(degrees >= 1, "{} degrees of freedom", degrees);
  ALBERT_CHECK(level > 0 && level < 1, "level {}", level);
  double low = 0;
  double high = std::numbers::pi / 2;
  constexpr int kHalvings = 100;  // more than a double has digits
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (central_probability(degrees, middle) < level ? low : high) = middle;
  }
  return std::sqrt(static_cast<double>(degrees)) * std::tan((low + high) / 2);
}

SeedSummary summarize_seeds(std::span<const double> scores) {
  std::vector<double> ascending;
  std::ranges::copy_if(scores, std::back_inserter(ascending), [](double score) { return std::isfinite(score); });
  SeedSummary summary{.runs = static_cast<int64_t>(scores.size()), .left_out = static_cast<int64_t>(scores.size() - ascending.size())};
  if (ascending.empty()) {
    summary.median = summary.minimum = summary.maximum = kUndefined;
    summary.mean = summary.standard_deviation = summary.half_width = kUndefined;
    return summary;
  }
  std::ranges::sort(ascending);
  const auto counted = static_cast<int64_t>(ascending.size());
  summary.median = quantile_of_sorted(ascending, 0.5);
  summary.minimum = ascending.front();
  summary.maximum = ascending.back();
  for (const double score : ascending) summary.mean += score;
  summary.mean /= static_cast<double>(counted);
  summary.standard_deviation = sample_deviation(ascending, summary.mean);
  summary.half_width = kUndefined;
  if (counted > 1) {
    const double standard_error = summary.standard_deviation / std::sqrt(static_cast<double>(counted));
    summary.half_width = student_quantile(counted - 1, /*level=*/0.95) * standard_error;
  }
  return summary;
}

}  // namespace albert
