// The tasks behind the table of task_registry.cpp.
#pragma once

#include <albert/tasks/task_registry.h>

namespace albert {

std::unique_ptr<Task> make_sequence_task(const TaskOptions& options, const Tokenizer& tokenizer);
std::unique_ptr<Task> make_token_task(const TaskOptions& options, const Tokenizer& tokenizer);
std::unique_ptr<Task> make_question_task(const TaskOptions& options, const Tokenizer& tokenizer);
std::unique_ptr<Task> make_choice_task(const TaskOptions& options, const Tokenizer& tokenizer);

std::vector<std::string> find_sequence_labels(const TaskOptions& options, const DataFileConfig& train);
std::vector<std::string> find_token_labels(const TaskOptions& options, const DataFileConfig& train);

}  // namespace albert
