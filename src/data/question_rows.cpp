#include "option_text.h"

#include <albert/base/error.h>
#include <albert/data/question_rows.h>

#include <utility>

namespace albert {
namespace {

// Places of the wanted columns.
constexpr size_t kQuestion = 0;
constexpr size_t kContext = 1;
constexpr size_t kId = 2;

std::vector<WantedColumn> wanted_columns(const ColumnMap& columns) {
  return {{columns.question.value_or("question")},
          {columns.context.value_or("context")},
          {.name = columns.id.value_or("id"), .is_optional = !columns.id.has_value()}};
}

/// What is wrong with the row; empty where it is as it should be.
std::string problem_of(const TableRow& row, OptionNames names) {
  for (const size_t i : {kQuestion, kContext, kId}) {
    const Cell& cell = row.cells[i];
    const char* what = i == kQuestion ? "a question" : i == kContext ? "a context" : "an id";
    if (cell.is_list) return fmt::format("expected {}, got a list; name a column of text", what);
    if (cell.is_missing && i != kId) {
      return fmt::format("expected {}, got null; correct the row, or set {}", what, option_text(names, "invalid_rows", "skip"));
    }
  }
  return {};
}

}  // namespace

QuestionRowReader::QuestionRowReader(const DataFileConfig& file, const ColumnMap& columns) : option_names_(file.option_names), table_(file, wanted_columns(columns)) {}

bool QuestionRowReader::next(SquadQuestion& question) {
  while (table_.next(row_)) {
    if (const std::string problem = problem_of(row_, option_names_); !problem.empty()) {
      table_.refuse(row_, problem);
      continue;
    }
    question = {};
    question.question = row_.cells[kQuestion].text;
    question.id = row_.cells[kId].is_missing ? std::to_string(row_.index) : row_.cells[kId].text;
    if (!context_ || *context_ != row_.cells[kContext].text) {
      context_ = std::make_shared<const std::string>(std::move(row_.cells[kContext].text));
    }
    question.context = context_;
    return true;
  }
  return false;
}

}  // namespace albert
