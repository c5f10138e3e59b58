// One training of a fine-tuning: one seed, one folder.
#pragma once

#include "recipes/finetune_data.h"

#include <albert/recipes/finetune.h>
#include <albert/recipes/task_folder.h>
#include <albert/train/trainer.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace albert {

/// What all trainings share.
struct FinetuneParts {
  const FinetuneConfig& config;
  const SourceFolder& source;
  const Task& task;
  const TaskOptions& options;
  const FinetuneSets& sets;
  at::Device device{at::kCPU};
  std::string source_weights{};  ///< digest of the weights that all seeds begin from; see digest_of_source_weights
};
/// The same with another source.
FinetuneParts with_source(const FinetuneParts& parts, const SourceFolder& source);

/// What a set measured, with the interval of the headline metric.
struct Measurement {
  MetricMap metrics{};
  std::optional<Interval> interval{};  ///< none for a metric that only the whole set has, and for the loss
  std::string collapse{};  ///< TaskAnswers::collapse
  std::shared_ptr<const TaskAnswers> answers{};  ///< they refer to the set
};

struct FinetuneResult {
  RunOutcome outcome = RunOutcome::finished;
  int64_t seed = 0;
  int64_t best_step = 0;
  Measurement validation{};
  std::vector<std::pair<std::string, Measurement>> more{};
  Measurement test{};
  TaskModel model{nullptr};  ///< of the best step
};

/// The options that program and measurements take.
FinetuningOptions finetuning_options(const FinetuneParts& parts, int64_t seed);

/// What one training starts from.
struct RunStart {
  std::optional<std::filesystem::path> begun{};  ///< its checkpoint, where it goes on
  SourceFolder source{};                         ///< that, else model.init_from
  TaskModel model{nullptr};                      ///< null until it is made; with the source's weights unless it goes on
  std::vector<std::string> untrained{};          ///< parameters that the source has not
};
/// Finds and reads the folder; makes no model.
RunStart read_start(const FinetuneConfig& config, const std::filesystem::path& folder, const ResumeRequest& resume);

/// What a run would meet before its first step: class weights, shape, head and weights of the source, and the metric. Throws as these do.
/// Makes the model of `start` with the first seed.
void check_finetuning(const FinetuneParts& parts, RunStart& start);

/// The configuration with a number for `training.micro_batch: auto`, as with_micro_batch() of pre-training (trial.h) finds it: that of the run
/// that lies in the output folder; else as many sequences of full length as are fast, but no more than fit into memory, which is tried.
FinetuneConfig with_micro_batch(const FinetuneParts& parts);

/// Trains into `folder` with `seed` from its `start`, loads the best checkpoint and measures it. Takes the model of `start`; makes it, where
/// there is none.
FinetuneResult finetune_once(const FinetuneParts& parts, RunStart& start, const std::filesystem::path& folder, int64_t seed,
                             const ResumeRequest& resume, const StopSignal& stop);

/// Metrics of a set, their interval, and whether the model has collapsed.
Measurement measure_set(TaskModelImpl& model, const Task& task, const TaskSet& set, const std::string& metric, const FinetuningOptions& options);

/// The metric that chooses, and its direction.
BestMetric best_metric(const FinetuneConfig& config, const Task& task);

}  // namespace albert
