#include <albert/base/error.h>
#include <albert/data/table.h>
#include <albert/tasks/task_config.h>

#include <algorithm>
#include <span>

namespace albert {

void TaskConfig::validate(config::Issues& issues) const {
  if (name && type) issues.add("type", "must not be given beside task.name, which has a type of its own");
  if (!name && !type) issues.add("", "must have a name (a known task) or a type (a description), got neither");
  TaskKind kind = type.value_or(TaskKind::sequence_classification);
  if (name) {
    try {
      kind = find_task(*name).kind;
    } catch (const ConfigError& error) {
      const std::string text = error.what();
      constexpr std::string_view kKey = "task.name: ";
      issues.add("name", text.starts_with(kKey) ? text.substr(kKey.size()) : text);
      return;
    }
  }
  const bool is_classification = kind == TaskKind::sequence_classification;
  if (out_of_scope && !is_classification) issues.add("out_of_scope", "must be given for sequence-classification only");
  const bool has_labels = is_classification || kind == TaskKind::multi_label_classification || kind == TaskKind::token_classification;
  if (!labels.empty() && !has_labels) issues.add("labels", "must be given for classification only");
  if (labels.size() == 1) issues.add("labels", "must hold at least two labels, got one");
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::span<const std::string> earlier(labels.data(), i);
    if (std::ranges::find(earlier, labels[i]) == earlier.end()) continue;
    issues.add(fmt::format("labels[{}]", i), fmt::format("must be unlike the others, got '{}' twice", labels[i]));
  }
  const bool has_unanswerable = question_answering.unanswerable || (name && find_task(*name).has_unanswerable);
  if (kind == TaskKind::question_answering && question_answering.head == AnswerHead::beam && !has_unanswerable) {
    issues.add("question_answering.head", "must be linear for data without unanswerable questions, got beam; where there are some, set "
                                          "question_answering.unanswerable");
  }
}

const NamedTask* TaskConfig::named() const {
  if (!name) return nullptr;
  try {
    return &find_task(*name);
  } catch (const ConfigError&) {
    return nullptr;
  }
}

std::optional<TaskKind> TaskConfig::kind() const {
  if (!name) return type;
  const auto* task = named();
  return task == nullptr ? std::nullopt : std::optional(task->kind);
}

ColumnMap TaskOptions::columns_of(const DataFileConfig& file) const {
  if (named == nullptr || named->layouts.empty()) return config.columns;
  return config.columns.or_else(choose_layout(file, named->layouts));
}

DataFileConfig TaskOptions::file_of(const DataFileConfig& file) const { return named == nullptr ? file : with_task_defaults(file, *named); }

bool TaskOptions::has_unanswerable() const {
  return config.question_answering.unanswerable || (named != nullptr && named->has_unanswerable);
}

TaskOptions task_options(const TaskConfig& config, int64_t max_length) {
  TaskOptions options;
  options.config = config;
  options.max_length = max_length;
  options.labels = config.labels;
  if (config.name) {
    options.named = &find_task(*config.name);
    options.kind = options.named->kind;
    if (options.labels.empty()) options.labels = options.named->labels;
  } else {
    if (!config.type) throw ConfigError("task: must have a name (a known task) or a type (a description), got neither");
    options.kind = *config.type;
  }
  return options;
}

}  // namespace albert
