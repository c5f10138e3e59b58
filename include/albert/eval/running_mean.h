// Weighted mean of numbers that come one after the other.
#pragma once

#include <cstdint>

namespace albert {

/// Sum of weighted values over the sum of weights. Neumaier's compensated sums (1974), so that a long evaluation loses no digits.
class RunningMean {
 public:
  /// `weight` is, for example, the number of targets that `value` is a mean of; must not be negative.
  void add(double value, double weight = 1.0);
  /// NaN before the first value with a positive weight.
  [[nodiscard]] double mean() const;
  [[nodiscard]] double weight() const { return weight_.value(); }

 private:
  class CompensatedSum {
   public:
    void add(double value);
    [[nodiscard]] double value() const { return sum_ + lost_; }

   private:
    double sum_ = 0;
    double lost_ = 0;
  };

  CompensatedSum weighted_;
  CompensatedSum weight_;
};

}  // namespace albert
