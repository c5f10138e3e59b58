// Section `task`: what is learned, where it stands in the files, and how answers are made.
#pragma once

#include <albert/config/fields.h>
#include <albert/data/data_file.h>
#include <albert/data/multiple_choice.h>
#include <albert/data/task_catalog.h>
#include <albert/tasks/answer_decoding.h>
#include <albert/tasks/question_windows.h>
#include <albert/tasks/tag_schemes.h>
#include <albert/tasks/token_labels.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace albert {

/// Head of question answering.
enum class AnswerHead {
  linear,  ///< start and end of each token (Hugging Face's AlbertForQuestionAnswering, Google's for SQuAD 1.1)
  beam,    ///< ends given the start, and a classifier of answerability (Google's for SQuAD 2.0); transformers has no class for it
};
constexpr auto enum_names(config::EnumTag<AnswerHead>) {
  return config::names<AnswerHead>({{AnswerHead::linear, "linear"}, {AnswerHead::beam, "beam"}});
}

/// Section `task.question_answering`.
struct QuestionAnsweringConfig {
  AnswerHead head = AnswerHead::linear;
  bool unanswerable = false;
  config::Auto<double> no_answer_threshold{};
  QuestionWindowOptions windows{};
  AnswerDecodingOptions answers{};
};
template <config::Self<QuestionAnsweringConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"head", "linear: as transformers has it; beam: Google's head of SQuAD 2.0, which no class of transformers can load"}, c.head);
  visit(Field{"unanswerable", "some questions have no answer (SQuAD 2.0, and on for task.name: squad2): metrics and answers follow its rules"},
        c.unanswerable);
  visit(Field{"no_answer_threshold", "answer \"\" where the no-answer score is above it; auto: for evaluation the best on the evaluated "
                                     "data, as the official script reports it, and for prediction what the last evaluation found (0 without one)"},
        c.no_answer_threshold);
  visit(Field{"windows", "how a long document is cut"}, c.windows);
  visit(Field{"answers", "how scores become answers"}, c.answers);
}

/// Section `task.tokens`.
struct TokenTaskConfig {
  TokenWindowOptions windows{};
  std::optional<TagScheme> scheme{};
  InvalidTags invalid_tags = InvalidTags::error;
};
constexpr auto enum_names(config::EnumTag<InvalidTags>) {
  return config::names<InvalidTags>({{InvalidTags::error, "error"}, {InvalidTags::repair, "repair"}});
}
template <config::Self<TokenTaskConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"windows", "how a long sentence is cut"}, c.windows);
  visit(Field{"scheme", "how entities are written in the data: bio, iob1, iobes or bilou; iob1 is learned as bio. null: tags are independent "
                        "labels (parts of speech), or entities in whatever scheme, read as conlleval does"},
        c.scheme);
  visit(Field{"invalid_tags", "a tag sequence that the scheme does not allow: error, or repair as conlleval would read it"}, c.invalid_tags);
}

/// Section `task.multiple_choice`.
struct MultipleChoiceConfig {
  int64_t max_question_length = 128;
  RaceLevel race_level = RaceLevel::all;
};
constexpr auto enum_names(config::EnumTag<RaceLevel>) {
  return config::names<RaceLevel>({{RaceLevel::all, "all"}, {RaceLevel::middle, "middle"}, {RaceLevel::high, "high"}});
}
template <config::Self<MultipleChoiceConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"max_question_length", "pieces of question and option that are kept, from their end (run_race.py, max_qa_length: 128)",
              config::at_least(1)},
        c.max_question_length);
  visit(Field{"race_level", "RACE: all exams, or those of middle or high schools"}, c.race_level);
}

/// Section `task`: a named task, or a description.
struct TaskConfig {
  std::optional<std::string> name{};
  std::optional<TaskKind> type{};
  ColumnMap columns{};
  std::vector<std::string> labels{};
  std::optional<std::string> out_of_scope{};
  double threshold = 0.5;
  QuestionAnsweringConfig question_answering{};
  TokenTaskConfig tokens{};
  MultipleChoiceConfig multiple_choice{};

  void validate(config::Issues& issues) const;
  /// Of the named task, or `type`; none for an unknown name and where neither is given.
  [[nodiscard]] std::optional<TaskKind> kind() const;
  /// The task of `name`; null for an unknown name and where there is none.
  [[nodiscard]] const NamedTask* named() const;
};
template <config::Self<TaskConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"name", "a known task, with its columns, labels, metrics and the paper's hyper-parameters as defaults: cola, sst-2, mrpc, sts-b, qqp, mnli, qnli, rte, wnli, squad, "
                      "squad2, race, ...; null: give `type`"},
        c.name);
  visit(Field{"type", "sequence-classification, multi-label-classification, regression, token-classification, question-answering or "
                      "multiple-choice"},
        c.type);
  visit(Field{"columns", "where the parts of an example stand in its file"}, c.columns);
  visit(Field{"labels", "all labels, in the order of the network's outputs; empty: those of the training data, sorted"}, c.labels);
  visit(Field{"out_of_scope", "label of queries that belong to no intent: adds in_scope_accuracy and out_of_scope_recall"}, c.out_of_scope);
  visit(Field{"threshold", "multi-label: probability from which on a label is predicted", config::range(0.0, 1.0)}, c.threshold);
  visit(Field{"question_answering", "options of question answering"}, c.question_answering);
  visit(Field{"tokens", "options of token classification"}, c.tokens);
  visit(Field{"multiple_choice", "options of multiple choice"}, c.multiple_choice);
}

/// What the configuration and the table of named tasks say together.
struct TaskOptions {
  TaskKind kind = TaskKind::sequence_classification;
  const NamedTask* named = nullptr;  ///< null for a description
  TaskConfig config{};
  std::vector<std::string> labels{};  ///< known so far; empty: to be found in the training data
  int64_t max_length = 512;

  /// Columns for a file: those of the configuration, then those of the task's layout that fits the file.
  [[nodiscard]] ColumnMap columns_of(const DataFileConfig& file) const;
  /// The file with the named task's format, where the user left it open.
  [[nodiscard]] DataFileConfig file_of(const DataFileConfig& file) const;
  [[nodiscard]] bool has_unanswerable() const;
};

/// Throws ConfigError for an unknown name.
TaskOptions task_options(const TaskConfig& config, int64_t max_length);

}  // namespace albert
