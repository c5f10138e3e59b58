// The table of tasks: from a kind to its implementation.
#pragma once

#include <albert/tasks/task.h>
#include <albert/tasks/task_config.h>
#include <albert/tokenizer/tokenizer.h>

#include <memory>
#include <string>
#include <vector>

namespace albert {

/// Labels found in a training file, for a task that has labels and was given none; empty for other tasks. Throws as the readers do.
std::vector<std::string> find_labels(const TaskOptions& options, const DataFileConfig& train);

/// `options.labels` must be complete for a task with labels. The tokenizer must outlive the task.
std::unique_ptr<Task> make_task(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace albert
