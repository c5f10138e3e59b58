// Questions with options of which one is right: RACE, and csv or jsonl files by description (ARC, CommonsenseQA, PIQA, the user's
// own).
#pragma once

#include <albert/data/data_file.h>
#include <albert/data/invalid_rows.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace albert {

struct ChoiceQuestion {
  std::string id{};                              ///< RACE: "high1.txt#2"; else the id column, or the number of the row from 0
  std::shared_ptr<const std::string> context{};  ///< the passage, shared by its questions; never null, empty where there is none
  std::string question{};
  std::vector<std::string> options{};  ///< at least two
  std::optional<int64_t> answer{};     ///< index of the right option; none where answers are not read
  int64_t group = 0;                   ///< number of the passage, or of the row: what a split keeps together
  int64_t line = 0;                    ///< of the record in its file
};

struct ChoiceQuestions {
  std::vector<ChoiceQuestion> questions{};
  SkippedRows skipped{};
};

enum class AnswerColumn { read, ignore };

/// Which of RACE's exams (flags middle_only and high_only of run_race.py).
enum class RaceLevel { all, middle, high };

/// RACE: a file of one JSON object a line with article, questions, options, answers (Google's all.txt; jsonl), or a folder: all
/// of its files below it, *.txt, that hold one such object each, in the order of their paths; where a folder has an all.txt, only
/// that. `level` picks the folders named middle and high, or the `id` ("high123.txt") in a file. `invalid_rows` leaves out
/// questions.
ChoiceQuestions read_race(const DataFileConfig& file, AnswerColumn answers, RaceLevel level = RaceLevel::all);

/// csv, tsv, jsonl, json by columns.context (may be none), .question, .options (a column for each option, or one that is a list),
/// .answer, by one AnswerForm for the whole file. Empty columns after the last option are no options. An answer that fits no
/// option (ARC: E of four options), an empty option and fewer than two options are refused by `invalid_rows`.
ChoiceQuestions read_choice_table(const DataFileConfig& file, const ColumnMap& columns, AnswerColumn answers);

/// The questions of read_choice_table without their answers, one at a time in bounded memory (json: the whole document). An object
/// of jsonl or json that has no key columns.context has no passage.
class ChoiceQuestionReader {
 public:
  ChoiceQuestionReader(const DataFileConfig& file, const ColumnMap& columns);
  ChoiceQuestionReader(const ChoiceQuestionReader&) = delete;
  ChoiceQuestionReader& operator=(const ChoiceQuestionReader&) = delete;
  ~ChoiceQuestionReader();
  bool next(ChoiceQuestion& question);
  [[nodiscard]] const SkippedRows& skipped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// read_race for format race, else read_choice_table.
ChoiceQuestions read_choice_questions(const DataFileConfig& file, const ColumnMap& columns, AnswerColumn answers);

}  // namespace albert
