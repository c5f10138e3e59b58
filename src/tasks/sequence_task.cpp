// Sequence classification (one label, any number of labels) and regression, of a text or a pair.
#include "tasks/collapse.h"
#include "tasks/json_record.h"
#include "tasks/reader_stream.h"
#include "tasks/task_kinds.h"

#include <albert/base/error.h>
#include <albert/data/held_out.h>
#include <albert/data/labelled_rows.h>
#include <albert/eval/confusion_matrix.h>
#include <albert/eval/correlation.h>
#include <albert/eval/multilabel.h>
#include <albert/eval/out_of_scope.h>
#include <albert/tasks/pair_truncation.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>
#include <utility>

namespace albert {
namespace {

/// An example beside its instance.
struct SequenceExample {
  std::string id;
  uint64_t hash = 0;
  int64_t length = 0;  ///< pieces before cutting, special ones included
  bool is_blank = false;
};

class SequenceTask;

class SequenceSet : public TaskSet {
 public:
  SequenceSet(const SequenceTask& task, SetRole role, std::vector<SequenceExample> examples, std::vector<TaskInstance> instances,
              const SkippedRows& skipped)
      : task_(task), has_gold_(role != SetRole::prediction), examples_(std::move(examples)), num_skipped_(skipped.count), skipped_(skipped.first) {
    instances_ = std::move(instances);
  }

  [[nodiscard]] int64_t num_examples() const override { return static_cast<int64_t>(examples_.size()); }
  [[nodiscard]] std::unique_ptr<TaskAnswers> decode(std::vector<InstanceScores> scores) const override;
  [[nodiscard]] ReportPart report_part() const override;
  [[nodiscard]] std::vector<std::string> notes() const override { return skipped_; }
  [[nodiscard]] const SequenceTask& task() const { return task_; }
  [[nodiscard]] const std::vector<SequenceExample>& examples() const { return examples_; }

 private:
  /// Indices of the labels of an instance with gold.
  [[nodiscard]] std::vector<int64_t> labels_of(const TaskInstance& instance) const;
  [[nodiscard]] ClassTable count_labels() const;

  const SequenceTask& task_;
  bool has_gold_;
  std::vector<SequenceExample> examples_;
  int64_t num_skipped_;
  std::vector<std::string> skipped_;
};

TaskDescription describe(const TaskOptions& options) {
  TaskDescription description;
  description.labels = options.labels;
  switch (options.kind) {
    case TaskKind::regression:
      description.objective = TaskObjective::regression;
      description.metric = "pearson";
      break;
    case TaskKind::multi_label_classification:
      description.objective = TaskObjective::multi_label;
      description.metric = "micro_f1";
      break;
    default: description.metric = "accuracy"; break;
  }
  if (options.named != nullptr) description.metric = options.named->metric;
  return description;
}

class SequenceTask : public Task {
 public:
  SequenceTask(TaskOptions options, const Tokenizer& tokenizer)
      : options_(std::move(options)), tokenizer_(tokenizer), description_(describe(options_)) {
    if (has_labels()) labels_.emplace(options_.labels);
    if (options_.config.out_of_scope) {
      const auto found = labels_->find(*options_.config.out_of_scope);
      if (!found) {
        throw ConfigError(fmt::format("task.out_of_scope: must be one of the labels ({}), got '{}'", labels_->list(), *options_.config.out_of_scope));
      }
      out_of_scope_ = *found;
    } else if (options_.named != nullptr && has_labels()) {
      out_of_scope_ = labels_->find(options_.named->out_of_scope).value_or(-1);  // a part of the data may be without
    }
  }

  [[nodiscard]] const TaskDescription& description() const override { return description_; }
  [[nodiscard]] std::unique_ptr<TaskSet> read(const DataFileConfig& file, SetRole role) const override { return make_set(read_rows(file, role), role); }
  [[nodiscard]] std::unique_ptr<TaskStream> open(const DataFileConfig& file) const override {
    const auto make = [this](std::vector<LabelledRow> rows) { return make_set({.rows = std::move(rows)}, SetRole::prediction); };
    const auto resolved = options_.file_of(file);
    return make_stream<LabelledRow>(std::make_unique<LabelledRowReader>(resolved, row_options(resolved, SetRole::prediction)), make);
  }
  [[nodiscard]] TwoSets read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const override;

  [[nodiscard]] const TaskOptions& options() const { return options_; }
  [[nodiscard]] bool has_labels() const { return options_.kind != TaskKind::regression; }
  [[nodiscard]] const LabelVocabulary& labels() const { return *labels_; }
  [[nodiscard]] int64_t out_of_scope() const { return out_of_scope_; }

 private:
  [[nodiscard]] LabelledRowOptions row_options(const DataFileConfig& resolved, SetRole role) const;
  [[nodiscard]] LabelledRows read_rows(const DataFileConfig& file, SetRole role) const;
  [[nodiscard]] std::unique_ptr<SequenceSet> make_set(const LabelledRows& rows, SetRole role) const;
  [[nodiscard]] TaskInstance make_instance(const LabelledRow& row, SetRole role, SequenceExample& example) const;

  TaskOptions options_;
  const Tokenizer& tokenizer_;
  TaskDescription description_;
  std::optional<LabelVocabulary> labels_{};
  int64_t out_of_scope_ = -1;
};

LabelKind label_kind(TaskKind kind) {
  if (kind == TaskKind::regression) return LabelKind::number;
  return kind == TaskKind::multi_label_classification ? LabelKind::multi : LabelKind::single;
}

LabelledRowOptions SequenceTask::row_options(const DataFileConfig& resolved, SetRole role) const {
  LabelledRowOptions row_options;
  row_options.columns = options_.columns_of(resolved);
  row_options.label = role == SetRole::prediction ? LabelKind::none : label_kind(options_.kind);
  row_options.known_labels = has_labels() ? &*labels_ : nullptr;
  return row_options;
}

LabelledRows SequenceTask::read_rows(const DataFileConfig& file, SetRole role) const {
  const auto resolved = options_.file_of(file);
  auto rows = read_labelled_rows(resolved, row_options(resolved, role));
  require_every_row(rows.skipped, role, resolved.path);
  return rows;
}

TaskInstance SequenceTask::make_instance(const LabelledRow& row, SetRole role, SequenceExample& example) const {
  auto a = tokenizer_.encode(row.text_a);
  std::vector<int32_t> b;
  if (row.has_b) b = tokenizer_.encode(row.text_b);
  example = {.id = row.id, .hash = text_hash(row.text_a, row.text_b), .length = static_cast<int64_t>(a.size() + b.size()) + (row.has_b ? 3 : 2),
             .is_blank = a.empty() && b.empty()};
  const auto& special = tokenizer_.special_tokens();
  auto joined = row.has_b ? join_pair(std::move(a), std::move(b), special, options_.max_length) : join_single(std::move(a), special, options_.max_length);
  TaskInstance instance;
  instance.sequences.push_back({.ids = std::move(joined.ids), .second_segment = joined.second_segment_begin});
  if (role == SetRole::prediction) return instance;
  if (options_.kind == TaskKind::regression) {
    instance.values = {static_cast<float>(row.value.value())};
  } else if (options_.kind == TaskKind::multi_label_classification) {
    instance.values.resize(options_.labels.size());
    for (const auto& label : row.labels) instance.values[static_cast<size_t>(labels_->find(label).value())] = 1;
  } else {
    instance.labels = {labels_->find(row.labels.at(0)).value()};
  }
  return instance;
}

std::unique_ptr<SequenceSet> SequenceTask::make_set(const LabelledRows& rows, SetRole role) const {
  std::vector<SequenceExample> examples(rows.rows.size());
  std::vector<TaskInstance> instances;
  instances.reserve(rows.rows.size());
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    instances.push_back(make_instance(rows.rows[i], role, examples[i]));
    instances.back().example = static_cast<int64_t>(i);
  }
  return std::make_unique<SequenceSet>(*this, role, std::move(examples), std::move(instances), rows.skipped);
}

Task::TwoSets SequenceTask::read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const {
  auto rows = read_rows(file, SetRole::train);
  std::vector<HeldOutExample> examples;
  for (const auto& row : rows.rows) {
    auto& example = examples.emplace_back(HeldOutExample{.text = text_hash(row.text_a, row.text_b)});
    for (const auto& label : row.labels) example.classes.push_back(labels_->find(label).value());
    if (!has_labels()) example.classes = {0};
  }
  const auto split = hold_out_by_class(examples, fraction, seed);
  const auto part = [&](const std::vector<size_t>& indices, SetRole role) {
    LabelledRows chosen;
    for (const size_t index : indices) chosen.rows.push_back(rows.rows[index]);
    if (role == SetRole::train) chosen.skipped = rows.skipped;
    return make_set(chosen, role);
  };
  return {part(split.train, SetRole::train), part(split.held_out, SetRole::evaluation)};
}

ReportPart SequenceSet::report_part() const {
  ReportPart part;
  part.num_skipped = num_skipped_;
  for (size_t i = 0; i < examples_.size(); ++i) {
    part.text_hashes.push_back(examples_[i].hash);
    part.lengths.push_back(examples_[i].length);
    part.num_blank += examples_[i].is_blank ? 1 : 0;
    if (has_gold_ && task_.has_labels()) part.gold_hashes.push_back(gold_hash(labels_of(instances_[i])));
  }
  if (has_gold_ && task_.has_labels()) part.classes = count_labels();
  return part;
}

std::vector<int64_t> SequenceSet::labels_of(const TaskInstance& instance) const {
  if (task_.options().kind != TaskKind::multi_label_classification) return instance.labels;
  std::vector<int64_t> labels;
  for (size_t i = 0; i < instance.values.size(); ++i) {
    if (instance.values[i] > 0.5F) labels.push_back(static_cast<int64_t>(i));
  }
  return labels;
}

ClassTable SequenceSet::count_labels() const {
  const auto& names = task_.options().labels;
  ClassTable table{.what = "classes", .names = names, .counts = std::vector<int64_t>(names.size()), .total = num_examples()};
  int64_t without = 0;
  for (const auto& instance : instances_) {
    const auto labels = labels_of(instance);
    for (const int64_t label : labels) ++table.counts[static_cast<size_t>(label)];
    without += labels.empty() ? 1 : 0;
  }
  if (task_.options().kind == TaskKind::multi_label_classification) table.what = fmt::format("labels, {} examples with none", without);
  return table;
}

double sigmoid(float score) { return 1 / (1 + std::exp(-static_cast<double>(score))); }

/// Answers of the three kinds share the scores.
class SequenceAnswers : public TaskAnswers {
 public:
  SequenceAnswers(const SequenceSet& set, std::vector<InstanceScores> scores) : set_(set), scores_(std::move(scores)) {}
  [[nodiscard]] int64_t num_examples() const override { return set_.num_examples(); }
  void write(PredictionFormat format, std::ostream& out) const override;

 protected:
  [[nodiscard]] const SequenceSet& set() const { return set_; }
  [[nodiscard]] const InstanceScores& scores(int64_t example) const { return scores_[static_cast<size_t>(example)]; }
  [[nodiscard]] const TaskInstance& gold(int64_t example) const {
    const auto& instance = set_.instances()[static_cast<size_t>(example)];
    ALBERT_CHECK(!instance.labels.empty() || !instance.values.empty(), "a measurement without gold");
    return instance;
  }
  [[nodiscard]] const std::vector<std::string>& labels() const { return set_.task().options().labels; }
  /// The prediction of a GLUE submission file.
  [[nodiscard]] virtual std::string submitted(int64_t example) const = 0;
  virtual void describe(int64_t example, nlohmann::ordered_json& record) const = 0;

 private:
  const SequenceSet& set_;
  std::vector<InstanceScores> scores_;
};

void SequenceAnswers::write(PredictionFormat format, std::ostream& out) const {
  if (format == PredictionFormat::null_odds) return;
  const auto* named = set_.task().options().named;
  const bool is_submission = format == PredictionFormat::submission && named != nullptr && !named->submission_file.empty();
  if (is_submission) out << kSubmissionHeader << '\n';
  for (int64_t i = 0; i < num_examples(); ++i) {
    if (is_submission) {
      out << i << '\t' << submitted(i) << '\n';
      continue;
    }
    nlohmann::ordered_json record{{"id", set_.examples()[static_cast<size_t>(i)].id}};
    describe(i, record);
    write_json_line(record, out);
  }
}

class SingleLabelAnswers : public SequenceAnswers {
 public:
  using SequenceAnswers::SequenceAnswers;

  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override {
    ConfusionMatrix matrix(static_cast<int64_t>(labels().size()));
    const int64_t out_of_scope = set().task().out_of_scope();
    OutOfScopeCounts scope(out_of_scope);
    for (const int64_t i : examples) {
      const int64_t expected = gold(i).labels.at(0);
      matrix.add(predicted(i), expected);
      scope.add(predicted(i), expected);
    }
    MetricMap metrics{{"accuracy", matrix.accuracy()}, {"macro_f1", matrix.macro_f1()}, {"matthews_correlation", matrix.matthews()}};
    if (labels().size() == 2) metrics["f1"] = matrix.f1(1);
    if (out_of_scope >= 0) {
      metrics["in_scope_accuracy"] = scope.in_scope_accuracy();
      metrics["out_of_scope_recall"] = scope.out_of_scope_recall();
    }
    return metrics;
  }

  [[nodiscard]] std::string collapse() const override {
    CollapseCheck check;
    for (int64_t i = 0; i < num_examples(); ++i) check.add(predicted(i) == predicted(0), predicted(i) == gold(i).labels.at(0));
    return check.has_collapsed() ? fmt::format("the class '{}' for every example", submitted(0)) : std::string();
  }

  [[nodiscard]] std::string table() const override {
    ConfusionMatrix matrix(static_cast<int64_t>(labels().size()));
    for (int64_t i = 0; i < num_examples(); ++i) matrix.add(predicted(i), gold(i).labels.at(0));
    return confusion_table(matrix, labels());
  }

 protected:
  [[nodiscard]] std::string submitted(int64_t example) const override { return labels()[static_cast<size_t>(predicted(example))]; }
  void describe(int64_t example, nlohmann::ordered_json& record) const override {
    record["label"] = submitted(example);
    const auto probabilities = softmax(scores(example));
    auto& list = record["probabilities"] = nlohmann::ordered_json::object();
    for (size_t i = 0; i < probabilities.size(); ++i) list[labels()[i]] = probabilities[i];
  }

 private:
  [[nodiscard]] int64_t predicted(int64_t example) const {
    const auto& values = scores(example);
    return std::max_element(values.begin(), values.end()) - values.begin();
  }
};

class MultiLabelAnswers : public SequenceAnswers {
 public:
  using SequenceAnswers::SequenceAnswers;

  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override {
    MultilabelCounts counts(static_cast<int64_t>(labels().size()));
    for (const int64_t i : examples) counts.add(predicted(i), expected(i));
    return {{"exact_match", counts.exact_match()}, {"micro_f1", counts.micro_f1()}, {"macro_f1", counts.macro_f1()}};
  }

  [[nodiscard]] std::string collapse() const override {
    CollapseCheck check;
    for (int64_t i = 0; i < num_examples(); ++i) check.add(predicted(i) == predicted(0), predicted(i) == expected(i));
    if (!check.has_collapsed()) return {};
    const auto labels = submitted(0);
    return labels.empty() ? "no label for any example" : fmt::format("the labels '{}' for every example", labels);
  }

 protected:
  [[nodiscard]] std::string submitted(int64_t example) const override {
    std::string text;
    const auto chosen = predicted(example);
    for (size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i] != 0) text += (text.empty() ? "" : "|") + labels()[i];
    }
    return text;
  }
  void describe(int64_t example, nlohmann::ordered_json& record) const override {
    const auto chosen = predicted(example);
    auto names = nlohmann::ordered_json::array();
    auto probabilities = nlohmann::ordered_json::object();
    for (size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i] != 0) names.push_back(labels()[i]);
      probabilities[labels()[i]] = sigmoid(scores(example)[i]);
    }
    record["labels"] = std::move(names);  // only now: a second key may move the first
    record["probabilities"] = std::move(probabilities);
  }

 private:
  [[nodiscard]] std::vector<uint8_t> expected(int64_t example) const {
    std::vector<uint8_t> result;
    for (const float value : gold(example).values) result.push_back(value > 0.5F ? 1 : 0);
    return result;
  }
  [[nodiscard]] std::vector<uint8_t> predicted(int64_t example) const {
    std::vector<uint8_t> result;
    for (const float score : scores(example)) result.push_back(sigmoid(score) >= set().task().options().config.threshold ? 1 : 0);
    return result;
  }
};

/// Share of the targets' spread up to which the spread of predictions is none: they explain at most 2 % of the targets' variance.
constexpr double kCollapsedSpread = 0.01;

double standard_deviation(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count);
}

class RegressionAnswers : public SequenceAnswers {
 public:
  using SequenceAnswers::SequenceAnswers;

  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override {
    std::vector<double> predicted;
    std::vector<double> expected;
    double squares = 0;
    for (const int64_t i : examples) {
      predicted.push_back(scores(i).at(0));
      expected.push_back(gold(i).values.at(0));
      squares += (predicted.back() - expected.back()) * (predicted.back() - expected.back());
    }
    return {{"pearson", pearson(predicted, expected)},
            {"spearman", spearman(predicted, expected)},
            {"mean_squared_error", squares / static_cast<double>(examples.size())}};
  }

  [[nodiscard]] std::string collapse() const override {
    std::vector<double> predicted;
    std::vector<double> expected;
    for (int64_t i = 0; i < num_examples(); ++i) {
      predicted.push_back(scores(i).at(0));
      expected.push_back(gold(i).values.at(0));
    }
    const double spread = standard_deviation(predicted);
    const double wanted = standard_deviation(expected);
    if (!(wanted > 0 && spread <= kCollapsedSpread * wanted)) return {};
    return fmt::format("nearly {:.4g} for every example (standard deviation {:.2g}, the targets' {:.2g})", predicted.front(), spread, wanted);
  }

 protected:
  [[nodiscard]] std::string submitted(int64_t example) const override { return fmt::format("{:.3f}", scores(example).at(0)); }
  void describe(int64_t example, nlohmann::ordered_json& record) const override { record["value"] = scores(example).at(0); }
};

std::unique_ptr<TaskAnswers> SequenceSet::decode(std::vector<InstanceScores> scores) const {
  ALBERT_CHECK(scores.size() == instances_.size(), "{} scores for {} instances", scores.size(), instances_.size());
  switch (task_.options().kind) {
    case TaskKind::regression: return std::make_unique<RegressionAnswers>(*this, std::move(scores));
    case TaskKind::multi_label_classification: return std::make_unique<MultiLabelAnswers>(*this, std::move(scores));
    default: return std::make_unique<SingleLabelAnswers>(*this, std::move(scores));
  }
}

}  // namespace

std::unique_ptr<Task> make_sequence_task(const TaskOptions& options, const Tokenizer& tokenizer) {
  return std::make_unique<SequenceTask>(options, tokenizer);
}

std::vector<std::string> find_sequence_labels(const TaskOptions& options, const DataFileConfig& train) {
  const auto file = options.file_of(train);
  LabelledRowOptions row_options;
  row_options.columns = options.columns_of(file);
  row_options.label = label_kind(options.kind);
  const auto rows = read_labelled_rows(file, row_options);
  return LabelVocabulary::found_in(rows.rows, file.path.string()).names();
}

}  // namespace albert
