#include <albert/optim/schedule.h>

#include <albert/base/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace albert {
namespace {

int64_t warmup_in_steps(const ScheduleConfig& config, const DurationScale& scale) {
  if (config.warmup.amount <= 0) return 0;
  try {
    return to_steps(config.warmup, scale);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("schedule.warmup: {}", error.what()));
  }
}

/// Share of the way from the end's rate up to the peak; `progress` in [0, 1].
double shape(const ScheduleConfig& config, double progress) {
  switch (config.name) {
    case ScheduleName::linear:
      return 1.0 - progress;
    case ScheduleName::polynomial:
      return std::pow(1.0 - progress, config.power);
    case ScheduleName::cosine:
      return 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    case ScheduleName::constant:
      return 1.0;
  }
  throw InternalError("schedule: unknown name");
}

}  // namespace

Schedule::Schedule(const ScheduleConfig& config, double peak_learning_rate, const DurationScale& scale)
    : config_(config),
      peak_(peak_learning_rate),
      total_steps_(std::llround(scale.total_steps)),
      warmup_steps_(warmup_in_steps(config, scale)) {
  ALBERT_CHECK(total_steps_ > 0, "schedule: {} steps", total_steps_);
  if (warmup_steps_ > total_steps_) {
    throw ConfigError(
        fmt::format("schedule.warmup: must be at most the {} steps of the run, got {} steps", total_steps_, warmup_steps_));
  }
  if (config.end_learning_rate > peak_) {
    throw ConfigError(fmt::format("schedule.end_learning_rate: must be at most optimizer.learning_rate {}, got {}", peak_,
                                  config.end_learning_rate));
  }
}

double Schedule::learning_rate(int64_t finished_steps) const {
  ALBERT_CHECK(finished_steps >= 0, "schedule: step {}", finished_steps);
  const auto done = static_cast<double>(finished_steps);
  if (finished_steps < warmup_steps_) return peak_ * done / static_cast<double>(warmup_steps_);
  const int64_t first = config_.decay_from == DecayFrom::warmup_end ? warmup_steps_ : 0;
  const auto length = static_cast<double>(std::max<int64_t>(total_steps_ - first, 1));
  const double progress = std::min((done - static_cast<double>(first)) / length, 1.0);
  return config_.end_learning_rate + (peak_ - config_.end_learning_rate) * shape(config_, progress);
}

}  // namespace albert
