// Multiple choice: RACE, ARC, CommonsenseQA and the user's own.
#include "tasks/collapse.h"
#include "tasks/json_record.h"
#include "tasks/reader_stream.h"
#include "tasks/task_kinds.h"

#include <albert/base/error.h>
#include <albert/data/held_out.h>
#include <albert/data/multiple_choice.h>
#include <albert/eval/classification.h>
#include <albert/tasks/pair_truncation.h>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <utility>

namespace albert {
namespace {

constexpr size_t kNumLetters = 26;

struct ChoiceExample {
  std::string id;
  uint64_t hash = 0;
  int64_t length = 0;  ///< of the longest option's input before cutting
};

uint64_t hash_of(const ChoiceQuestion& question) {
  return text_hash(*question.context, fmt::format("{}\n{}", question.question, fmt::join(question.options, "\n")));
}

class ChoiceSet : public TaskSet {
 public:
  ChoiceSet(std::vector<ChoiceExample> examples, std::vector<TaskInstance> instances, SkippedRows skipped)
      : examples_(std::move(examples)), skipped_(std::move(skipped)) {
    instances_ = std::move(instances);
  }
  [[nodiscard]] int64_t num_examples() const override { return static_cast<int64_t>(examples_.size()); }
  [[nodiscard]] std::unique_ptr<TaskAnswers> decode(std::vector<InstanceScores> scores) const override;
  [[nodiscard]] std::vector<std::string> notes() const override { return skipped_.first; }
  [[nodiscard]] ReportPart report_part() const override;
  [[nodiscard]] const std::vector<ChoiceExample>& examples() const { return examples_; }

 private:
  std::vector<ChoiceExample> examples_;
  SkippedRows skipped_;
};

ReportPart ChoiceSet::report_part() const {
  ReportPart part;
  part.num_skipped = skipped_.count;
  auto& table = part.classes;
  table.what = "positions of the right option";
  for (size_t i = 0; i < examples_.size(); ++i) {
    part.text_hashes.push_back(examples_[i].hash);
    part.lengths.push_back(examples_[i].length);
    const auto& instance = instances_[i];
    if (instance.labels.empty()) continue;
    part.gold_hashes.push_back(gold_hash(instance.labels));
    for (size_t option = table.names.size(); option < instance.sequences.size(); ++option) {
      table.names.push_back(option < kNumLetters ? std::string(1, static_cast<char>('A' + option)) : std::to_string(option + 1));
      table.counts.push_back(0);
    }
    ++table.counts[static_cast<size_t>(instance.labels[0])];
    ++table.total;
  }
  return part;
}

class ChoiceTask : public Task {
 public:
  ChoiceTask(TaskOptions options, const Tokenizer& tokenizer) : options_(std::move(options)), tokenizer_(tokenizer) {
    description_ = {.objective = TaskObjective::choice, .metric = "accuracy"};
  }
  [[nodiscard]] const TaskDescription& description() const override { return description_; }
  [[nodiscard]] std::unique_ptr<TaskSet> read(const DataFileConfig& file, SetRole role) const override {
    auto read = read_questions(file, role);
    return make_set(read.questions, std::move(read.skipped));
  }
  [[nodiscard]] std::unique_ptr<TaskStream> open(const DataFileConfig& file) const override {
    const auto make = [this](const std::vector<ChoiceQuestion>& questions) { return make_set(questions, {}); };
    const auto resolved = options_.file_of(file);
    if (resolved.resolved_format() == FileFormat::race) {
      auto read = read_race(resolved, AnswerColumn::ignore, options_.config.multiple_choice.race_level);
      return make_stream<ChoiceQuestion>(std::make_unique<ListReader<ChoiceQuestion>>(std::move(read.questions), std::move(read.skipped)), make);
    }
    return make_stream<ChoiceQuestion>(std::make_unique<ChoiceQuestionReader>(resolved, options_.columns_of(resolved)), make);
  }
  [[nodiscard]] TwoSets read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const override {
    const auto read = read_questions(file, SetRole::train);
    std::vector<int64_t> groups;
    std::vector<uint64_t> texts;
    for (const auto& question : read.questions) {
      groups.push_back(question.group);
      texts.push_back(question.context->empty() ? hash_of(question) : text_hash(*question.context));
    }
    const auto split = hold_out_by_group(groups, texts, fraction, seed);
    const auto part = [&](const std::vector<size_t>& indices, const SkippedRows& skipped) {
      std::vector<ChoiceQuestion> chosen;
      for (const size_t index : indices) chosen.push_back(read.questions[index]);
      return make_set(chosen, skipped);
    };
    return {part(split.train, read.skipped), part(split.held_out, {})};
  }

 private:
  [[nodiscard]] ChoiceQuestions read_questions(const DataFileConfig& file, SetRole role) const {
    const auto resolved = options_.file_of(file);
    const auto answers = role == SetRole::prediction ? AnswerColumn::ignore : AnswerColumn::read;
    auto read = resolved.resolved_format() == FileFormat::race ? read_race(resolved, answers, options_.config.multiple_choice.race_level)
                                                               : read_choice_table(resolved, options_.columns_of(resolved), answers);
    require_every_row(read.skipped, role, resolved.path);
    return read;
  }

  [[nodiscard]] std::unique_ptr<TaskSet> make_set(const std::vector<ChoiceQuestion>& questions, SkippedRows skipped) const {
    std::vector<ChoiceExample> examples;
    std::vector<TaskInstance> instances;
    for (const auto& question : questions) {
      TaskInstance instance;
      instance.example = static_cast<int64_t>(instances.size());
      ChoiceExample example{.id = question.id,
                            .hash = hash_of(question),
                            .length = 0};
      const auto passage = tokenizer_.encode(*question.context);
      for (const auto& option : question.options) {
        auto choice = tokenizer_.encode(question_with_option(question.question, option));
        example.length = std::max(example.length, static_cast<int64_t>(passage.size() + choice.size()) + 3);
        auto joined = join_choice(passage, std::move(choice), tokenizer_.special_tokens(), options_.max_length,
                                  options_.config.multiple_choice.max_question_length);
        instance.sequences.push_back({.ids = std::move(joined.ids), .second_segment = joined.second_segment_begin});
      }
      if (question.answer) instance.labels = {*question.answer};
      instances.push_back(std::move(instance));
      examples.push_back(std::move(example));
    }
    return std::make_unique<ChoiceSet>(std::move(examples), std::move(instances), std::move(skipped));
  }

  TaskOptions options_;
  const Tokenizer& tokenizer_;
  TaskDescription description_{};
};

class ChoiceAnswers : public TaskAnswers {
 public:
  ChoiceAnswers(const ChoiceSet& set, std::vector<InstanceScores> scores) : set_(set), scores_(std::move(scores)) {}
  [[nodiscard]] int64_t num_examples() const override { return set_.num_examples(); }

  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override {
    AccuracyCounts counts;
    for (const int64_t i : examples) {
      const auto& labels = set_.instances()[static_cast<size_t>(i)].labels;
      ALBERT_CHECK(!labels.empty(), "a measurement without gold");
      counts.add(predicted(static_cast<size_t>(i)), labels[0]);
    }
    return {{"accuracy", counts.accuracy()}};
  }

  [[nodiscard]] std::string collapse() const override {
    CollapseCheck check;
    for (size_t i = 0; i < scores_.size(); ++i) {
      const auto& labels = set_.instances()[i].labels;
      ALBERT_CHECK(!labels.empty(), "a measurement without gold");
      check.add(predicted(i) == predicted(0), predicted(i) == labels[0]);
    }
    return check.has_collapsed() ? fmt::format("option {} for every question", letter(0)) : std::string();
  }

  /// RACE's answers are letters.
  void write(PredictionFormat format, std::ostream& out) const override {
    if (format == PredictionFormat::null_odds) return;
    for (size_t i = 0; i < scores_.size(); ++i) {
      if (format == PredictionFormat::submission) {
        out << set_.examples()[i].id << '\t' << letter(i) << '\n';
        continue;
      }
      write_json_line({{"id", set_.examples()[i].id}, {"answer", predicted(i)}, {"letter", std::string(1, letter(i))}, {"probabilities", softmax(scores_[i])}},
                      out);
    }
  }

 private:
  [[nodiscard]] char letter(size_t example) const { return static_cast<char>('A' + predicted(example)); }
  [[nodiscard]] int64_t predicted(size_t example) const {
    return std::max_element(scores_[example].begin(), scores_[example].end()) - scores_[example].begin();
  }

  const ChoiceSet& set_;
  std::vector<InstanceScores> scores_;
};

std::unique_ptr<TaskAnswers> ChoiceSet::decode(std::vector<InstanceScores> scores) const {
  ALBERT_CHECK(scores.size() == instances_.size(), "{} scores for {} instances", scores.size(), instances_.size());
  return std::make_unique<ChoiceAnswers>(*this, std::move(scores));
}

}  // namespace

std::unique_ptr<Task> make_choice_task(const TaskOptions& options, const Tokenizer& tokenizer) { return std::make_unique<ChoiceTask>(options, tokenizer); }

}  // namespace albert
