// What a few runs with different seeds say together.
#pragma once

#include <cstdint>
#include <span>

namespace albert {

/// Summary of one score over 3 to 10 runs that differ in their seed only.
///
/// `median`, `minimum` and `maximum` are what is reported: a run that collapsed does not move the median, and it is seen in the
/// minimum. [minimum, maximum] is at the same time an exact interval of the median of all seeds, without any assumption on their
/// distribution, with coverage 1 - 2^(1-n): 75 % for 3 runs, 94 % for 5, 97 % for 6.
/// mean +- half_width is Student's 95 % interval of the mean of all seeds. With so few runs nothing else keeps what it promises:
/// the normal quantile is far too small (1.96 where Student's is 4.30 for 3 runs), and a bootstrap of 3 values knows 10 samples
/// only. It assumes that scores are roughly normal, which a collapsed run breaks; then the interval is very wide, which is
/// honest.
struct SeedSummary {
  int64_t runs = 0;
  int64_t left_out = 0;  // of these, runs without a finite score, which the numbers below do not count
  double median = 0;
  double minimum = 0;
  double maximum = 0;
  double mean = 0;
  double standard_deviation = 0;  // of one run, n - 1 in the denominator; NaN for one run that counts
  double half_width = 0;          // of the 95 % interval of the mean; NaN for one run that counts
};

/// A score that is not finite (a correlation of constant predictions, a loss of a run that diverged) is left out and counted: it must
/// not hide what the others reached, nor be hidden. All numbers are NaN where none is left.
SeedSummary summarize_seeds(std::span<const double> scores);

/// The t with P(|T| <= t) = level for Student's distribution with `degrees` of freedom (1 or more), level in (0, 1); closed form
/// of the distribution for whole degrees (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4). Throws InternalError for other
/// arguments.
double student_quantile(int64_t degrees, double level);

}  // namespace albert
