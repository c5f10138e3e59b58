// Accuracy with the uncertainty that comes from the number of examples.
#pragma once

#include <cstdint>

namespace albert {

/// Both ends included.
struct Interval {
  double low = 0;
  double high = 1;
};

/// 95 % quantile of the normal distribution, two-sided.
inline constexpr double kNormalQuantile95 = 1.959963984540054;

/// Wilson's score interval of a proportion (Wilson 1927, "Probable inference, the law of succession, and statistical inference").
/// [0, 1] when there are no trials. Throws InternalError when successes are not in [0, trials].
Interval wilson_interval(int64_t successes, int64_t trials, double quantile = kNormalQuantile95);

/// Counts of right and wrong answers.
class AccuracyCounts {
 public:
  void add(int64_t predicted, int64_t expected) { add_counts(predicted == expected ? 1 : 0, 1); }
  /// `correct` of `total` further answers were right. Throws InternalError when correct is not in [0, total].
  void add_counts(int64_t correct, int64_t total);

  [[nodiscard]] int64_t correct() const { return correct_; }
  [[nodiscard]] int64_t total() const { return total_; }
  /// NaN before the first answer.
  [[nodiscard]] double accuracy() const;
  [[nodiscard]] Interval interval_95() const { return wilson_interval(correct_, total_); }

 private:
  int64_t correct_ = 0;
  int64_t total_ = 0;
};

}  // namespace albert
