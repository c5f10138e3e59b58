#include "recipes/run_common.h"

#include <albert/base/error.h>
#include <albert/data/batch_stream.h>
#include <albert/recipes/pretrain_phases.h>

#include <algorithm>
#include <map>
#include <utility>

namespace albert {
namespace {

std::string key_of(size_t phase, std::string_view option) { return fmt::format("phases[{}].{}", phase, option); }

void check_until(const PretrainConfig& config, size_t i, config::Issues& issues) {
  const auto& until = config.phases[i].until;
  const auto& duration = config.training.duration;
  const auto refuse = [&](const std::string& wanted) { issues.add(key_of(i, "until"), fmt::format("{}, got {}", wanted, to_string(*until))); };
  if (i + 1 == config.phases.size()) {
    if (until) refuse("must be null in the last phase, which lasts to the end of the run");
    return;
  }
  if (!until) return issues.add(key_of(i, "until"), "must be given for every phase but the last");
  if (until->unit != DurationUnit::steps && until->unit != DurationUnit::percent) return refuse("must be in steps or % of the run");
  if (until->unit == DurationUnit::percent && until->amount >= 100) return refuse("must be below 100 %");
  if (until->unit == DurationUnit::steps && duration.unit != DurationUnit::steps) {
    return refuse(fmt::format("must be in %, as training.duration ({}) is not in steps", to_string(duration)));
  }
  if (until->unit == duration.unit && until->amount >= duration.amount) {
    return refuse(fmt::format("must be before the end of the run ({})", to_string(duration)));
  }
  const auto before = i > 0 ? config.phases[i - 1].until : std::nullopt;
  if (before && before->unit == until->unit && until->amount <= before->amount) {
    refuse(fmt::format("must be after that of the phase before ({})", to_string(*before)));
  }
}

/// Mean tokens of an example, from the first ones.
double mean_tokens(const PretrainingDataset& dataset) {
  constexpr int64_t kExamples = 256;
  const int64_t count = std::min(kExamples, dataset.examples_per_epoch(0));
  return static_cast<double>(make_batch(dataset, 0, 0, count).num_tokens()) / static_cast<double>(count);
}

StepShare share_of(const DataPhase& phase) {
  const auto batch_size = static_cast<double>(phase.batch_size);
  return {.epochs = batch_size / static_cast<double>(phase.dataset->examples_per_epoch(0)), .tokens = mean_tokens(*phase.dataset) * batch_size};
}

DurationScale scale_of(const StepShare& share) { return {.steps_per_epoch = 1 / share.epochs, .tokens_per_step = share.tokens}; }

/// The phases without their beginnings.
std::vector<DataPhase> make_phases(const PretrainConfig& config, const PretrainingDataset& train,
                                   std::vector<std::unique_ptr<const PretrainingDataset>>& other_lengths) {
  std::map<int64_t, const PretrainingDataset*> datasets{{config.data.max_length, &train}};
  const auto whole_run = std::vector<PhaseConfig>(1);
  std::vector<DataPhase> result;
  for (const auto& phase : config.phases.empty() ? whole_run : config.phases) {
    const int64_t length = phase.max_length.value_or(config.data.max_length);
    const int64_t batch_size = phase.batch_size.value_or(config.training.batch_size);
    auto& dataset = datasets[length];
    if (dataset == nullptr) {
      dataset = other_lengths.emplace_back(std::make_unique<const PretrainingDataset>(train.with_length(length))).get();
    }
    result.push_back({.dataset = dataset,
                      .batch_size = batch_size,
                      .micro_batch = phase.micro_batch.value_or(micro_batch_of(config, length, batch_size)),
                      .masking_probability = phase.masking_probability});
  }
  return result;
}

/// Mean over the steps of the run. Each phase's part of it follows from its percentages, or from the number of steps.
StepShare mean_share(const PretrainConfig& config, const std::vector<StepShare>& shares) {
  constexpr int64_t kAnyLength = 1'000'000;
  const bool in_steps = config.training.duration.unit == DurationUnit::steps;
  const int64_t total = in_steps ? to_steps(config.training.duration, {}) : kAnyLength;
  auto borders = phase_beginnings(config.phases, total);
  borders.push_back(total);
  StepShare mean;
  for (size_t i = 0; i < shares.size(); ++i) {
    const double part = static_cast<double>(borders[i + 1] - borders[i]) / static_cast<double>(total);
    mean.epochs += part * shares[i].epochs;
    mean.tokens += part * shares[i].tokens;
  }
  return mean;
}

}  // namespace

DurationScale mean_scale(const PretrainConfig& config, const std::vector<StepShare>& shares) { return scale_of(mean_share(config, shares)); }

void check_phases(const PretrainConfig& config, config::Issues& issues) {
  for (size_t i = 0; i < config.phases.size(); ++i) {
    const auto& phase = config.phases[i];
    check_until(config, i, issues);
    if (phase.max_length && *phase.max_length > config.data.max_length) {
      issues.add(key_of(i, "max_length"), fmt::format("must be at most data.max_length ({}), got {}", config.data.max_length, *phase.max_length));
    }
    const int64_t batch_size = phase.batch_size.value_or(config.training.batch_size);
    if (phase.micro_batch && *phase.micro_batch > batch_size) {
      issues.add(key_of(i, "micro_batch"), fmt::format("must be at most the batch_size of the phase ({}), got {}", batch_size, *phase.micro_batch));
    }
    if (phase.masking_probability && config.objective.masking.end_probability) {
      issues.add(key_of(i, "masking_probability"), fmt::format("must be null where objective.masking.end_probability is given, got {}", *phase.masking_probability));
    }
  }
}

std::vector<int64_t> phase_beginnings(const std::vector<PhaseConfig>& phases, int64_t total_steps) {
  std::vector<int64_t> beginnings{0};
  for (size_t i = 0; i + 1 < phases.size(); ++i) {
    const auto& until = phases[i].until;
    ALBERT_CHECK(until.has_value(), "phase {} has no end", i);
    const int64_t step = to_steps(*until, {.total_steps = static_cast<double>(total_steps)});
    if (step <= beginnings.back() || step >= total_steps) {
      throw ConfigError(fmt::format("phases[{}].until: must leave each phase at least one of the {} steps of the run, got {}, step {} after a phase that "
                                    "begins at step {}", i, total_steps, to_string(*until), step, beginnings.back()));
    }
    beginnings.push_back(step);
  }
  return beginnings;
}

int64_t micro_batch_of(const PretrainConfig& config, int64_t max_length, int64_t batch_size) {
  return std::min(batch_size, config.training.micro_batch.or_else(std::max<int64_t>(kMicroBatchTokens / max_length, 1)));
}

std::vector<BatchSizeChange> PlannedRun::batch_sizes() const {
  std::vector<BatchSizeChange> sizes;
  for (const auto& phase : data.phases()) sizes.push_back({.first_step = phase.first_step, .batch_size = phase.batch_size});
  return sizes;
}

PlannedRun plan_run(const PretrainConfig& config, const PretrainingDataset& train) {
  std::vector<std::unique_ptr<const PretrainingDataset>> other_lengths;
  auto phases = make_phases(config, train, other_lengths);
  std::vector<StepShare> shares;
  for (const auto& phase : phases) shares.push_back(share_of(phase));
  const auto steps = plan_steps(config.training, config.evaluation, config.checkpoint, config.logging, mean_scale(config, shares));
  const auto beginnings = phase_beginnings(config.phases, steps.total_steps);
  for (size_t i = 0; i < phases.size(); ++i) phases[i].first_step = beginnings[i];
  std::optional<MaskingRamp> ramp;
  if (const auto& masking = config.objective.masking; masking.end_probability) {
    ramp = {.first = masking.probability, .last = *masking.end_probability, .total_steps = steps.total_steps};
  }
  auto scale = scale_of(shares.front());
  scale.total_steps = static_cast<double>(steps.total_steps);
  return {.other_lengths = std::move(other_lengths), .steps = steps, .data = DataPlan(std::move(phases), ramp), .scale = scale};
}

}  // namespace albert
