// The tasks behind the table of task_registry.cpp.
#pragma once

#include <albert/data/invalid_rows.h>
#include <albert/tasks/task_registry.h>

#include <filesystem>

namespace albert {

std::unique_ptr<Task> make_sequence_task(const TaskOptions& options, const Tokenizer& tokenizer);
std::unique_ptr<Task> make_token_task(const TaskOptions& options, const Tokenizer& tokenizer);
std::unique_ptr<Task> make_question_task(const TaskOptions& options, const Tokenizer& tokenizer);
std::unique_ptr<Task> make_choice_task(const TaskOptions& options, const Tokenizer& tokenizer);

/// Throws DataError where rows of a file to predict were left out: predictions would be missing, and those of a benchmark would stand at
/// other rows than they belong to.
void require_every_row(const SkippedRows& skipped, SetRole role, const std::filesystem::path& file);

std::vector<std::string> find_sequence_labels(const TaskOptions& options, const DataFileConfig& train);
std::vector<std::string> find_token_labels(const TaskOptions& options, const DataFileConfig& train);

}  // namespace albert
