#include <albert/base/error.h>
#include <albert/train/training_config.h>

#include <fmt/format.h>

#include <regex>

namespace albert {
namespace {

void require_positive(config::Issues& issues, std::string_view key, const Duration& value) {
  // Negated, so that NaN is refused too.
  if (!(value.amount > 0)) issues.add(key, fmt::format("must be more than 0, got {}", to_string(value)));
}

int64_t resolve(std::string_view key, const Duration& value, const DurationScale& scale) {
  try {
    return to_steps(value, scale);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: {}", key, error.what()));
  }
}

}  // namespace

void TrainingConfig::validate(config::Issues& issues) const {
  require_positive(issues, "duration", duration);
  if (duration.unit == DurationUnit::percent) {
    issues.add("duration", fmt::format("must be in steps, epochs or tokens, got {}", to_string(duration)));
  }
  static const std::regex kDevice("auto|cpu|cuda(:[0-9]{1,3})?");
  if (!std::regex_match(device, kDevice)) issues.add("device", fmt::format("must be auto, cpu, cuda or cuda:N, got '{}'", device));
  if (micro_batch.value.has_value() && *micro_batch.value > batch_size) {
    issues.add("micro_batch", fmt::format("must be at most batch_size ({}), got {}", batch_size, *micro_batch.value));
  }
}

void EvaluationConfig::validate(config::Issues& issues) const { require_positive(issues, "every", every); }
void CheckpointConfig::validate(config::Issues& issues) const { require_positive(issues, "every", every); }
void LoggingConfig::validate(config::Issues& issues) const { require_positive(issues, "every", every); }

StepPlan plan_steps(const TrainingConfig& training, const EvaluationConfig& evaluation, const CheckpointConfig& checkpoint,
                    const LoggingConfig& logging, DurationScale scale) {
  StepPlan plan;
  plan.total_steps = resolve("training.duration", training.duration, scale);
  scale.total_steps = static_cast<double>(plan.total_steps);
  plan.evaluate_every = resolve("evaluation.every", evaluation.every, scale);
  plan.save_every = resolve("checkpoint.every", checkpoint.every, scale);
  plan.log_every = resolve("logging.every", logging.every, scale);
  return plan;
}

}  // namespace albert
