#include <albert/optim/schedule.h>

#include <albert/base/error.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <utility>

namespace albert {
namespace {

int64_t warmup_in_steps(const ScheduleConfig& config, const DurationScale& scale, const std::vector<BatchSizeChange>& batch_sizes) {
  if (config.warmup.amount <= 0) return 0;
  Duration warmup = config.warmup;
  if (config.scale_with_batch && warmup.unit != DurationUnit::steps) {
    warmup.amount *= static_cast<double>(batch_sizes.front().batch_size) / static_cast<double>(*config.scale_with_batch);
  }
  try {
    return to_steps(warmup, scale);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("schedule.warmup: {}", error.what()));
  }
}

std::vector<BatchSizeChange> checked(std::vector<BatchSizeChange> batch_sizes, const ScheduleConfig& config) {
  ALBERT_CHECK(!config.scale_with_batch || (!batch_sizes.empty() && batch_sizes.front().first_step == 0), "schedule: batch sizes are not known");
  return batch_sizes;
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

Schedule::Schedule(const ScheduleConfig& config, double peak_learning_rate, const DurationScale& scale, std::vector<BatchSizeChange> batch_sizes)
    : config_(config),
      peak_(peak_learning_rate),
      batch_sizes_(checked(std::move(batch_sizes), config)),
      total_steps_(std::llround(scale.total_steps)),
      warmup_steps_(warmup_in_steps(config, scale, batch_sizes_)) {
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

double Schedule::batch_factor(int64_t finished_steps) const {
  if (!config_.scale_with_batch) return 1.0;
  const auto next = std::upper_bound(batch_sizes_.begin(), batch_sizes_.end(), finished_steps,
                                     [](int64_t step, const BatchSizeChange& change) { return step < change.first_step; });
  return std::sqrt(static_cast<double>(std::prev(next)->batch_size) / static_cast<double>(*config_.scale_with_batch));
}

double Schedule::learning_rate(int64_t finished_steps) const {
  ALBERT_CHECK(finished_steps >= 0, "schedule: step {}", finished_steps);
  const auto done = static_cast<double>(finished_steps);
  const double factor = batch_factor(finished_steps);
  if (finished_steps < warmup_steps_) return factor * (peak_ * done / static_cast<double>(warmup_steps_));
  const int64_t first = config_.decay_from == DecayFrom::warmup_end ? warmup_steps_ : 0;
  const auto length = static_cast<double>(std::max<int64_t>(total_steps_ - first, 1));
  const double progress = std::min((done - static_cast<double>(first)) / length, 1.0);
  return factor * (config_.end_learning_rate + (peak_ - config_.end_learning_rate) * shape(config_, progress));
}

}  // namespace albert
