// Tasks that have a name: where their columns stand, the order of their labels, their metrics, the paper's hyper-parameters.
// Values only. To add a task, add a line to the table in src/data/task_catalog.cpp.
#pragma once

#include <albert/data/data_file.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

enum class TaskKind {
  sequence_classification,
  multi_label_classification,
  regression,
  token_classification,
  question_answering,
  multiple_choice,
};
constexpr auto enum_names(config::EnumTag<TaskKind>) {
  return config::names<TaskKind>({{TaskKind::sequence_classification, "sequence-classification"},
                                  {TaskKind::multi_label_classification, "multi-label-classification"},
                                  {TaskKind::regression, "regression"},
                                  {TaskKind::token_classification, "token-classification"},
                                  {TaskKind::question_answering, "question-answering"},
                                  {TaskKind::multiple_choice, "multiple-choice"}});
}

/// A row of the ALBERT paper's Table 14 (made for the final xxlarge model; the README's v2 numbers reused it).
struct PaperSettings {
  double learning_rate = 0;
  int64_t batch_size = 0;
  double dropout = 0;  ///< hidden and attention dropout of the encoder
  double classifier_dropout = 0;
  int64_t steps = 0;
  int64_t warmup_steps = 0;
  int64_t max_length = 0;
};

/// Keys of the lists of one JSON document that holds all parts of a data set; all empty where there is none such.
struct PartRecords {
  std::vector<std::string> train{};
  std::vector<std::string> validation{};
  std::vector<std::string> test{};
};

/// A named task.
struct NamedTask {
  std::string name;  ///< as in task.name
  TaskKind kind = TaskKind::sequence_classification;
  std::vector<ColumnMap> layouts;      ///< of the official files, then of other copies; see choose_layout
  DataFileConfig file;                 ///< format, header, column names, quoting, invalid rows of the official files
  std::vector<std::string> labels;     ///< in the order of Google's processors; empty: found in the training data, or no labels
  std::string metric;                  ///< by which the best checkpoint is chosen (Google's choice)
  std::vector<std::string> metrics{};  ///< all that are reported, `metric` among them
  std::optional<PaperSettings> paper{};
  std::string submission_file{};  ///< GLUE's server: a tsv file of index and prediction; empty: none
  bool has_unanswerable = false;  ///< SQuAD 2.0
  std::string out_of_scope{};     ///< label of queries that belong to no intent, where the data have it
  PartRecords records{};          ///< `records` of data.train, data.validation and data.test where they name none
};

/// First line of a GLUE submission file.
inline constexpr std::string_view kSubmissionHeader = "index\tprediction";

/// All of them.
std::span<const NamedTask> named_tasks();
/// By name, case ignored. Throws ConfigError that names task.name, suggests the nearest and lists all.
const NamedTask& find_task(std::string_view name);

/// What the user wrote for a file, with the task's own format, header, column names, quoting and policy where it is at its
/// default. A format that the extension of the user's file contradicts (a csv copy of a GLUE task) gives way.
DataFileConfig with_task_defaults(const DataFileConfig& file, const NamedTask& task);

}  // namespace albert
