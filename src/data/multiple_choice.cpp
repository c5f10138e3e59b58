#include "option_text.h"
#include "quoted.h"

#include <albert/base/error.h>
#include <albert/data/multiple_choice.h>
#include <albert/data/table.h>

#include <algorithm>
#include <charconv>

namespace albert {
namespace {

/// The index that a single letter stands for.
std::optional<int64_t> letter_index(std::string_view text) {
  if (text.size() != 1) return std::nullopt;
  const char c = text[0];
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a';
  return std::nullopt;
}

std::optional<int64_t> number_of(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// What most answers of the file look like.
AnswerForm form_of(const std::vector<std::string>& answers) {
  size_t num_letters = 0;
  size_t num_numbers = 0;
  bool has_zero = false;
  for (const std::string& answer : answers) {
    if (letter_index(answer)) ++num_letters;
    if (number_of(answer)) ++num_numbers;
    has_zero = has_zero || answer == "0";
  }
  if (2 * (num_letters + num_numbers) < answers.size()) return AnswerForm::text;
  if (num_letters >= num_numbers) return AnswerForm::letter;
  return has_zero ? AnswerForm::from_0 : AnswerForm::from_1;
}

std::string wanted_answer(AnswerForm form, size_t num_options) {
  if (form == AnswerForm::text) return "the text of one of the options as answer";
  if (form == AnswerForm::letter) return fmt::format("an answer from A to {:c}", 'A' + static_cast<int>(num_options) - 1);
  return form == AnswerForm::from_0 ? fmt::format("an answer from 0 to {}", num_options - 1)
                                    : fmt::format("an answer from 1 to {}", num_options);
}

/// Sets the index of the answer; what is wrong with it, or nothing.
std::string set_answer(const std::string& answer, AnswerForm form, ChoiceQuestion& question) {
  std::optional<int64_t> index;
  if (form == AnswerForm::text) {
    const auto found = std::ranges::find(question.options, answer);
    if (found != question.options.end()) index = found - question.options.begin();
    if (index && std::ranges::count(question.options, answer) > 1) {
      return "expected options that differ, got the answer's text twice; correct the row, or set columns.answer_form";
    }
  } else {
    const auto number = number_of(answer);
    if (form == AnswerForm::letter) index = letter_index(answer);
    if (!index && number) index = *number - (form == AnswerForm::from_0 ? 0 : 1);
  }
  const auto num_options = static_cast<int64_t>(question.options.size());
  if (index && *index >= 0 && *index < num_options) {
    question.answer = index;
    return {};
  }
  return fmt::format("expected {}, got {}; correct the row, or set invalid_rows: skip",
                     wanted_answer(form, question.options.size()), in_quotes(answer));
}

struct ChoiceColumns {
  std::vector<WantedColumn> wanted{};
  size_t num_options = 0;  // after the question; then come context, id and answer, where they are
  bool has_context = false;
  bool has_id = false;
  bool has_answer = false;
  OptionNames option_names = OptionNames::configuration;
};

ChoiceColumns choice_columns(const DataFileConfig& file, const ColumnMap& columns, AnswerColumn answers) {
  ChoiceColumns result;
  result.option_names = file.option_names;
  result.wanted.push_back({columns.question.value_or("question")});
  const std::vector<std::string> options = columns.options.empty() ? std::vector<std::string>{"options"} : columns.options;
  for (const std::string& option : options) result.wanted.push_back({option});
  result.num_options = options.size();
  result.has_context = columns.context.has_value();
  result.has_id = columns.id.has_value();
  result.has_answer = answers == AnswerColumn::read;
  const FileFormat format = file.resolved_format();
  const bool may_lack_context = answers == AnswerColumn::ignore && (format == FileFormat::jsonl || format == FileFormat::json);
  if (result.has_context) result.wanted.push_back({*columns.context, may_lack_context});
  if (result.has_id) result.wanted.push_back({*columns.id});
  if (result.has_answer) result.wanted.push_back({file.labels.empty() ? columns.answer.value_or("answer") : "label"});
  return result;
}

/// The options of a row; what is wrong with them, or nothing.
std::string fill_options(const TableRow& row, size_t num_columns, OptionNames names, std::vector<std::string>& options) {
  for (size_t i = 1; i <= num_columns; ++i) {
    const Cell& cell = row.cells[i];
    if (cell.is_list) {
      options.insert(options.end(), cell.items.begin(), cell.items.end());
    } else {
      options.push_back(cell.text);
    }
  }
  const bool is_list = num_columns == 1 && row.cells[1].is_list;
  while (!is_list && !options.empty() && trimmed(options.back()).empty()) options.pop_back();
  for (size_t i = 0; i < options.size(); ++i) {
    if (trimmed(options[i]).empty())
      return fmt::format("expected texts as options, got an empty option {}; correct the row", i + 1);
  }
  if (options.size() < 2)
    return fmt::format("expected at least two options, got {}; correct the row, set {}, or set {}", options.size(),
                       option_text(names, "columns.options"), option_text(names, "invalid_rows", "skip"));
  return {};
}

/// Fills all but the answer; what is wrong, or nothing.
std::string fill_question(const TableRow& row, const ChoiceColumns& columns, ChoiceQuestion& question) {
  question.line = row.line;
  question.group = row.index;
  question.id = std::to_string(row.index);
  size_t next = columns.num_options + 1;
  std::string context;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const bool is_option = i >= 1 && i <= columns.num_options;
    const Cell& cell = row.cells[i];
    if (!is_option && ((cell.is_missing && !columns.wanted[i].is_optional) || cell.is_list)) {
      return fmt::format("expected a text in the column {}, got {}; correct the row", in_quotes(columns.wanted[i].name),
                         cell.is_list ? "a list" : "null");
    }
  }
  question.question = row.cells[0].text;
  if (columns.has_context) context = row.cells[next++].text;
  if (columns.has_id) question.id = row.cells[next++].text;
  question.context = std::make_shared<const std::string>(std::move(context));
  return fill_options(row, columns.num_options, columns.option_names, question.options);
}

}  // namespace

ChoiceQuestions read_choice_table(const DataFileConfig& file, const ColumnMap& columns, AnswerColumn answers) {
  const ChoiceColumns wanted = choice_columns(file, columns, answers);
  TableReader table(file, wanted.wanted);
  ChoiceQuestions result;
  std::vector<std::string> texts;   // of the answers
  std::vector<std::string> places;  // of the rows
  TableRow row;
  while (table.next(row)) {
    ChoiceQuestion question;
    if (const std::string problem = fill_question(row, wanted, question); !problem.empty()) {
      table.refuse(row, problem);
      continue;
    }
    if (wanted.has_answer) texts.emplace_back(trimmed(row.cells.back().text));
    if (wanted.has_answer) places.push_back(table.where(row));
    result.questions.push_back(std::move(question));
  }
  result.skipped = table.skipped();
  if (!wanted.has_answer) return result;
  const AnswerForm form = columns.answer_form == AnswerForm::automatic ? form_of(texts) : columns.answer_form;
  RowPolicy policy(file.invalid_rows);
  std::vector<ChoiceQuestion> good;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string problem = set_answer(texts[i], form, result.questions[i]);
    if (!problem.empty()) policy.refuse(fmt::format("{}: {}", places[i], problem));
    if (problem.empty()) good.push_back(std::move(result.questions[i]));
  }
  result.questions = std::move(good);
  result.skipped.add(policy.skipped());
  if (result.questions.empty()) {
    throw DataError(fmt::format("{}: expected at least one good row, got {} that were left out; the first: {}",
                                file.path.string(), result.skipped.count, result.skipped.first.front()));
  }
  return result;
}

struct ChoiceQuestionReader::Impl {
  Impl(const DataFileConfig& file, const ColumnMap& map)
      : columns(choice_columns(file, map, AnswerColumn::ignore)), table(file, columns.wanted) {}

  ChoiceColumns columns;
  TableReader table;
  TableRow row{};
};

ChoiceQuestionReader::ChoiceQuestionReader(const DataFileConfig& file, const ColumnMap& columns)
    : impl_(std::make_unique<Impl>(file, columns)) {}
ChoiceQuestionReader::~ChoiceQuestionReader() = default;

bool ChoiceQuestionReader::next(ChoiceQuestion& question) {
  while (impl_->table.next(impl_->row)) {
    question = {};
    const std::string problem = fill_question(impl_->row, impl_->columns, question);
    if (problem.empty()) return true;
    impl_->table.refuse(impl_->row, problem);
  }
  return false;
}

const SkippedRows& ChoiceQuestionReader::skipped() const { return impl_->table.skipped(); }

ChoiceQuestions read_choice_questions(const DataFileConfig& file, const ColumnMap& columns, AnswerColumn answers) {
  return file.resolved_format() == FileFormat::race ? read_race(file, answers) : read_choice_table(file, columns, answers);
}

}  // namespace albert
