// Ticks and labels of an axis.
#pragma once

#include <string>
#include <vector>

namespace albert {

/// An interval with ticks at round numbers (1, 2 or 5 times a power of ten) inside it.
struct Axis {
  double low = 0;
  double high = 1;
  double tick_step = 1;
  std::vector<double> ticks;

  [[nodiscard]] double share(double value) const { return (value - low) / (high - low); }
};

/// `about` ticks, at least two where the interval allows; an empty interval is widened.
Axis make_axis(double low, double high, int about);

/// "0", "500", "10k", "1.5M".
std::string step_label(double step);
/// With the digits that tell ticks apart: "0.25", "10", "5e-05".
std::string value_label(double value, double tick_step);
/// "45 %", "45.5 %".
std::string percent_label(double value, double tick_step);

}  // namespace albert
