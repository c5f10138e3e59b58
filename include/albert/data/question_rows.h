// Questions about a text from the rows of a table: what is asked of a model outside of SQuAD's files.
//
//   QuestionRowReader reader(file, {.context = "passage"});
//   SquadQuestion question;
//   while (reader.next(question)) use(*question.context, question.question);
#pragma once

#include <albert/data/data_file.h>
#include <albert/data/squad_json.h>
#include <albert/data/table.h>

namespace albert {

/// One question at a time, in bounded memory (json: the whole document), from columns.question ("question"), columns.context
/// ("context") and columns.id ("id", or the number of the row from 0 where there is none). Answers are not read. Neighbouring
/// rows with the same context share it. What TableReader refuses, and a value that is null or a list, by `invalid_rows`.
class QuestionRowReader {
 public:
  QuestionRowReader(const DataFileConfig& file, const ColumnMap& columns);
  bool next(SquadQuestion& question);
  [[nodiscard]] const SkippedRows& skipped() const { return table_.skipped(); }

 private:
  OptionNames option_names_;
  TableReader table_;
  TableRow row_{};
  std::shared_ptr<const std::string> context_{};  ///< of the row before
};

}  // namespace albert
