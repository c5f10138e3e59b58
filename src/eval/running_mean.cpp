#include <albert/eval/running_mean.h>

#include <cmath>
#include <limits>

namespace albert {

void RunningMean::CompensatedSum::add(double value) {
  const double next = sum_ + value;
  // A sum that is not finite stays so; its compensation would be inf - inf.
  if (std::isfinite(next)) lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
  sum_ = next;
}

void RunningMean::add(double value, double weight) {
  if (weight == 0) return;  // the mean over no target is often NaN; it says nothing
  weighted_.add(value * weight);
  weight_.add(weight);
}

double RunningMean::mean() const {
  if (weight_.value() == 0) return std::numeric_limits<double>::quiet_NaN();
  return weighted_.value() / weight_.value();
}

}  // namespace albert
