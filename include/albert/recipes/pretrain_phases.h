// From the section `phases` to the steps of a run.
#pragma once

#include <albert/data/data_plan.h>
#include <albert/optim/schedule.h>
#include <albert/recipes/pretrain_config.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace albert {

/// The rules on `phases` that need nothing but the configuration.
void check_phases(const PretrainConfig& config, config::Issues& issues);

/// First step of each phase, rising; {0} without phases. Throws ConfigError where a phase would have no step.
std::vector<int64_t> phase_beginnings(const std::vector<PhaseConfig>& phases, int64_t total_steps);

/// What a step of a phase consumes, on the mean.
struct StepShare {
  double epochs = 0;
  double tokens = 0;
};
/// Mean over the steps of the run, for durations in epochs or tokens; a share for each phase.
DurationScale mean_scale(const PretrainConfig& config, const std::vector<StepShare>& shares);

/// Sequences of a forward pass where a step has `batch_size` sequences of `max_length` pieces: training.micro_batch, or chosen.
int64_t micro_batch_of(const PretrainConfig& config, int64_t max_length, int64_t batch_size);

/// The steps of a run, and what each is made of.
struct PlannedRun {
  std::vector<std::unique_ptr<const PretrainingDataset>> other_lengths;  ///< that `data` refers to
  StepPlan steps;
  DataPlan data;
  DurationScale scale;  ///< of the first phase, with the steps of the run: for the warm-up
  [[nodiscard]] std::vector<BatchSizeChange> batch_sizes() const;
};

/// `train` has the length data.max_length and must outlive the result. Durations in epochs or tokens are turned into steps with the mean
/// over the phases. Throws ConfigError.
PlannedRun plan_run(const PretrainConfig& config, const PretrainingDataset& train);

}  // namespace albert
