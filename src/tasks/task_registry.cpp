#include "tasks/task_kinds.h"

#include <albert/base/error.h>
#include <albert/tasks/task_registry.h>

#include <array>

namespace albert {
namespace {

using FindLabels = std::vector<std::string> (*)(const TaskOptions&, const DataFileConfig&);
using MakeTask = std::unique_ptr<Task> (*)(const TaskOptions&, const Tokenizer&);

/// A line for each kind. `find_labels` is null where there are none.
struct Entry {
  TaskKind kind;
  FindLabels find_labels;
  MakeTask make;
};
constexpr std::array<Entry, 6> kTasks{{
    {TaskKind::sequence_classification, find_sequence_labels, make_sequence_task},
    {TaskKind::multi_label_classification, find_sequence_labels, make_sequence_task},
    {TaskKind::regression, nullptr, make_sequence_task},
    {TaskKind::token_classification, find_token_labels, make_token_task},
    {TaskKind::question_answering, nullptr, make_question_task},
    {TaskKind::multiple_choice, nullptr, make_choice_task},
}};

const Entry& entry_of(TaskKind kind) {
  for (const auto& entry : kTasks) {
    if (entry.kind == kind) return entry;
  }
  throw InternalError("a kind of task that is not in the table");
}

}  // namespace

std::vector<std::string> find_labels(const TaskOptions& options, const DataFileConfig& train) {
  const auto& entry = entry_of(options.kind);
  if (!options.labels.empty() || entry.find_labels == nullptr) return options.labels;
  return entry.find_labels(options, train);
}

std::unique_ptr<Task> make_task(const TaskOptions& options, const Tokenizer& tokenizer) {
  const auto& entry = entry_of(options.kind);
  ALBERT_CHECK(entry.find_labels == nullptr || !options.labels.empty(), "a task without its labels");
  return entry.make(options, tokenizer);
}

}  // namespace albert
