// A fine-tuning task without tensors: examples in, the network's scores in, metrics and predictions out.
//
//   const auto task = make_task(options, tokenizer, labels);
//   const auto set = task->read(file, SetRole::evaluation);
//   ... scores of set->instances() from the network ...
//   const MetricMap metrics = set->decode(scores)->measure_all();
//
// Nothing here knows the network; finetuning.h binds a task to it. One source file per task, one line each in task_registry.cpp.
#pragma once

#include <albert/data/data_file.h>
#include <albert/data/data_report.h>
#include <albert/data/invalid_rows.h>
#include <albert/eval/classification.h>

#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// One sequence as the encoder reads it, special tokens included.
struct TaskSequence {
  std::vector<int32_t> ids{};
  int64_t second_segment = 0;  ///< first position of segment 1; ids.size() where there is none
};

/// What is learned from at once: a row, a window of a document, a question with its options.
struct TaskInstance {
  std::vector<TaskSequence> sequences{};  ///< one; multiple choice: one per option
  /// The class; a label for each token (kIgnoredTarget: none); start, end and 1 where there is no answer; the right option. Empty
  /// without gold.
  std::vector<int64_t> labels{};
  std::vector<float> values{};  ///< regression: the target; multi-label: 0 or 1 for each label
  int64_t example = 0;          ///< index of the row, question or sentence that it belongs to

  [[nodiscard]] int64_t num_tokens() const;
};

/// The network's scores of an instance, fp32. Sequence: [labels]. Tokens: [length * labels]. Multiple choice: [options]. Question
/// answering: start scores, then end scores, each [length]. Beams: start log-probabilities [k], starts [k], end log-probabilities
/// [k * m], ends [k * m], no-answer score [1].
using InstanceScores = std::vector<float>;
/// Candidates of the beam head (run_squad_v2.py: start_n_top, end_n_top).
inline constexpr int64_t kBeamStarts = 5;
inline constexpr int64_t kBeamEnds = 5;

/// What a measurement found, by official name (docs/formats.md).
using MetricMap = std::map<std::string, double>;

/// What is minimised.
enum class TaskObjective {
  single_label,  ///< cross entropy over the classes
  multi_label,   ///< sigmoid cross entropy of each label
  regression,    ///< squared error
  token_labels,  ///< cross entropy at the labelled tokens
  span,          ///< start and end, each over the tokens of its sequence
  beam_span,     ///< Google's SQuAD 2.0 head: end given the start, and whether there is an answer
  choice,        ///< cross entropy over the options of a question
};

/// What a task asks of the network and of config.json.
struct TaskDescription {
  TaskObjective objective = TaskObjective::single_label;
  std::vector<std::string> labels{};  ///< id2label in order; empty for regression, spans and choices
  std::string metric{};               ///< by which the best checkpoint is chosen, where the configuration names no other
};

/// What predictions are written as.
enum class PredictionFormat {
  jsonl,       ///< one object for each example, with probabilities
  submission,  ///< the benchmark's own file: GLUE's tsv, SQuAD's predictions.json, RACE's letters; jsonl where there is none
  null_odds,   ///< SQuAD 2.0's file of no-answer scores; nothing for other tasks
};

/// The network's scores turned into answers.
class TaskAnswers {
 public:
  virtual ~TaskAnswers() = default;
  [[nodiscard]] virtual int64_t num_examples() const = 0;
  /// Metrics over these examples (an index may come several times: the bootstrap). Throws InternalError where there is no gold.
  [[nodiscard]] virtual MetricMap measure(std::span<const int64_t> examples) const = 0;
  /// Metrics over all of them, with what only the whole set has (best thresholds).
  [[nodiscard]] virtual MetricMap measure_all() const;
  /// What a model that has collapsed answers, for the log ("the class 'spam' for every example"); empty where it has not. Collapsed is
  /// one answer to all examples though it is not right for all: one class, set of labels, option, tag of all words; values whose spread
  /// is next to nothing beside that of the targets; the same answer, none, or the same place in every text. Throws InternalError where
  /// there is no gold.
  [[nodiscard]] virtual std::string collapse() const = 0;
  /// One record for each example, in order.
  virtual void write(PredictionFormat format, std::ostream& out) const = 0;
  /// Confusion matrix, or a table by type; empty where there is none.
  [[nodiscard]] virtual std::string table() const { return {}; }
};

/// 95 % interval of `metric` by the bootstrap over examples (eval/bootstrap.h). Throws InternalError for a metric that measure() has not.
Interval metric_interval(const TaskAnswers& answers, const std::string& metric, uint64_t seed);

/// One data set, read and tokenised. Immutable.
class TaskSet {
 public:
  virtual ~TaskSet() = default;
  [[nodiscard]] const std::vector<TaskInstance>& instances() const { return instances_; }
  /// Instances to learn from, as indices: those with gold. Windows that cannot be learned from are left out.
  [[nodiscard]] virtual std::vector<int64_t> learnable() const;
  [[nodiscard]] virtual int64_t num_examples() const = 0;
  /// `scores` has one entry for each instance. The answers refer to this set, which must outlive them.
  [[nodiscard]] virtual std::unique_ptr<TaskAnswers> decode(std::vector<InstanceScores> scores) const = 0;
  /// Its part of the data report, without a name and a role.
  [[nodiscard]] virtual ReportPart report_part() const = 0;
  /// Lines for the log about what was left out or could not be aligned; holds no text of the data.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }

 protected:
  std::vector<TaskInstance> instances_;
};

/// What a data set is for.
enum class SetRole {
  train,       ///< gold is required; what cannot be learned from is left out and counted
  evaluation,  ///< gold is required; no example is left out (but rows by invalid_rows: skip)
  prediction,  ///< gold is not read, even where the file has it; a row that cannot be read is an error, whatever invalid_rows says
};

/// The examples of a file to predict, a part at a time.
class TaskStream {
 public:
  virtual ~TaskStream() = default;
  /// The next examples, at most `max_examples`; null at the end. Ids go on from part to part. Throws as the readers do.
  virtual std::unique_ptr<TaskSet> next(int64_t max_examples) = 0;
  /// Rows that were left out so far (`invalid_rows: skip`).
  [[nodiscard]] virtual const SkippedRows& skipped() const = 0;
};

/// A task with its options, labels and tokenizer.
class Task {
 public:
  virtual ~Task() = default;
  [[nodiscard]] virtual const TaskDescription& description() const = 0;
  /// Reads and tokenises a file. Throws DataError and ConfigError as the readers do.
  [[nodiscard]] virtual std::unique_ptr<TaskSet> read(const DataFileConfig& file, SetRole role) const = 0;
  /// What read(file, SetRole::prediction) gives, in parts: only as much of the file is in memory as a part needs (json and RACE: the
  /// whole document). A row that cannot be read follows `invalid_rows`: it is left out only where the user has asked for that. Refers
  /// to the task, which must outlive it. Throws as the readers do.
  [[nodiscard]] virtual std::unique_ptr<TaskStream> open(const DataFileConfig& file) const = 0;
  /// Parts a data set in two, the second with about `fraction` of the examples: stratified by class, or whole articles and passages;
  /// equal texts stand on the same side (held_out.h).
  struct TwoSets {
    std::unique_ptr<TaskSet> train;
    std::unique_ptr<TaskSet> validation;
  };
  [[nodiscard]] virtual TwoSets read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const = 0;
};

}  // namespace albert
