#include <albert/base/error.h>
#include <albert/eval/classification.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace albert {

Interval wilson_interval(int64_t successes, int64_t trials, double quantile) {
  ALBERT_CHECK(successes >= 0 && successes <= trials, "{} successes in {} trials", successes, trials);
  if (trials == 0) return {};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double z2 = quantile * quantile;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = quantile / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {.low = std::max(0.0, centre - half), .high = std::min(1.0, centre + half)};
}

void AccuracyCounts::add_counts(int64_t correct, int64_t total) {
  ALBERT_CHECK(correct >= 0 && correct <= total, "{} right answers of {}", correct, total);
  correct_ += correct;
  total_ += total;
}

double AccuracyCounts::accuracy() const {
  if (total_ == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(correct_) / static_cast<double>(total_);
}

}  // namespace albert
