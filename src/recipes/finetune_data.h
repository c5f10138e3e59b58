// The data sets of a fine-tuning run.
#pragma once

#include <albert/recipes/finetune_config.h>
#include <albert/tasks/finetuning.h>
#include <albert/tasks/task.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace albert {

struct FinetuneSets {
  std::unique_ptr<TaskSet> train{};
  std::unique_ptr<TaskSet> validation{};
  std::vector<std::pair<std::string, std::unique_ptr<TaskSet>>> more{};
  std::unique_ptr<TaskSet> test{};
  std::unique_ptr<TaskSet> predict{};

  /// Those that are evaluated while training.
  [[nodiscard]] std::vector<EvaluatedSet> evaluated() const;
};

/// Reads all files that the configuration names; without a validation file a part of the training data is held out.
FinetuneSets read_finetune_sets(const FinetuneConfig& config, const Task& task);

/// Lines about rows, classes, lengths, duplicates, overlap, and what was left out.
std::vector<std::string> describe_sets(const FinetuneSets& sets, int64_t max_length);

/// Digest of instances and targets: what a checkpoint is bound to.
std::string data_hash(const TaskSet& train);

}  // namespace albert
