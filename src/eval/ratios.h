// Ratios of counts as scikit-learn and seqeval form them with zero_division = 0.
#pragma once

#include <cstdint>
#include <limits>

namespace albert {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// 0 without a denominator.
inline double ratio_or_zero(int64_t numerator, int64_t denominator) {
  return denominator == 0 ? 0.0 : static_cast<double>(numerator) / static_cast<double>(denominator);
}

/// The score of `total` examples; none without examples.
inline double score_of(int64_t total, double score) { return total == 0 ? kUndefined : score; }

/// 2 TP / (2 TP + FP + FN), as the size of the overlap and of both sides.
inline double f1_of_counts(int64_t both, int64_t expected, int64_t predicted) {
  return ratio_or_zero(2 * both, expected + predicted);
}

}  // namespace albert
