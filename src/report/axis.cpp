#include "report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace albert {
namespace {

double round_tick_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

int decimals(double tick_step) { return std::max(0, static_cast<int>(std::ceil(-std::log10(tick_step) - 1e-9))); }

/// -0 from rounding would print a sign.
double without_noise(double value, double tick_step) { return std::abs(value) < tick_step * 1e-6 ? 0.0 : value; }

}  // namespace

Axis make_axis(double low, double high, int about) {
  if (!(high - low > 1e-12 * std::max(std::abs(low), std::abs(high)))) {
    const double margin = low == 0 ? 0.5 : std::abs(low) * 0.05;
    low -= margin;
    high += margin;
  }
  Axis axis{.low = low, .high = high, .tick_step = round_tick_step((high - low) / about), .ticks = {}};
  const double first = std::ceil(low / axis.tick_step - 1e-9);
  const double last = std::floor(high / axis.tick_step + 1e-9);
  for (double i = first; i <= last; ++i) axis.ticks.push_back(without_noise(i * axis.tick_step, axis.tick_step));
  return axis;
}

std::string step_label(double step) {
  if (std::abs(step) >= 1e6) return fmt::format("{:.3g}M", step / 1e6);
  if (std::abs(step) >= 1e4) return fmt::format("{:.4g}k", step / 1e3);
  return fmt::format("{:.6g}", step);
}

std::string value_label(double value, double tick_step) {
  if (value == 0) return "0";
  if (tick_step < 1e-4) return fmt::format("{:.3g}", value);
  return fmt::format("{:.{}f}", value, decimals(tick_step));
}

std::string percent_label(double value, double tick_step) {
  return fmt::format("{:.{}f} %", 100 * value, decimals(100 * tick_step));
}

}  // namespace albert
