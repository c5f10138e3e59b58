// Questions of SQuAD 1.1 and 2.0 files (and of sets in their format, such as XQuAD).
#pragma once

#include <albert/data/data_file.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace albert {

struct SquadAnswer {
  std::string text{};
  int64_t start = 0;                     ///< as in the file: Unicode code points from the beginning of the context
  std::optional<int64_t> start_byte{};   ///< the same place in the UTF-8 of the context; none: the text does not stand there
  bool operator==(const SquadAnswer&) const = default;
};

struct SquadQuestion {
  std::string id{};
  std::string title{};                           ///< of the article
  int64_t article = 0;                           ///< number of the article in the file, from 0: what a split keeps together
  std::shared_ptr<const std::string> context{};  ///< shared by the questions of a paragraph; never null
  std::string question{};
  std::vector<SquadAnswer> answers{};            ///< see AnswerUse
  bool is_impossible = false;                    ///< the mark of the file; missing: false
  bool has_odd_mark = false;                     ///< score: the mark is neither true nor false, and taken for a missing one
};

/// What the answers are for.
enum class AnswerUse {
  /// Training: spans are learned. Answers whose text does not stand at answer_start are left out, and so are those of a question that
  /// is marked as impossible; a question that then has none without being marked is left out itself. All of it is counted.
  learn,
  /// Training data of which a part will be scored: every question is kept with every answer, but what learn refuses is refused.
  split,
  /// Evaluation, as the official scripts of SQuAD 1.1 and 2.0 do it: every question is kept with every answer text, wherever (and
  /// whether) answer_start points. A question has an answer where the list is not empty, whatever is_impossible says. The scripts do not
  /// read these two, so they may be of any type.
  score,
  /// Prediction: keys answers and is_impossible are not read.
  ignore,
};

/// What was found beside good questions.
struct SquadProblems {
  static constexpr size_t kMaximumListed = 20;
  int64_t num_misaligned_answers = 0;         ///< the text does not stand at answer_start (score: nor need it)
  int64_t num_without_answer = 0;             ///< not marked as impossible, but without an answer (learn: that can be used)
  int64_t num_impossible_with_answers = 0;    ///< marked as impossible, but with answers
  int64_t num_odd_marks = 0;                  ///< SquadQuestion::has_odd_mark
  std::vector<std::string> misaligned{};      ///< ids, at most kMaximumListed
  std::vector<std::string> without_answer{};  ///< ids, at most kMaximumListed
  std::vector<std::string> odd_marks{};       ///< ids, at most kMaximumListed
};

struct SquadData {
  std::string version{};                   ///< of the file; may be empty
  std::vector<SquadQuestion> questions{};  ///< in the order of the file
  int64_t num_articles = 0;
  int64_t num_paragraphs = 0;
  SquadProblems problems{};
};

/// Reads the whole file; `path` and `encoding` are used. Throws DataError: file:line:column for bad JSON; file and the path in
/// the document (data[3].paragraphs[0].qas[1].id) for another schema, an empty context or question, and an id that stands twice;
/// the file where it has no question, or none to learn from.
SquadData read_squad(const DataFileConfig& file, AnswerUse answers);

/// Parts the questions of a file that was read to score: what read_squad finds and keeps for a use of some of them.
SquadProblems find_squad_problems(std::span<const SquadQuestion> questions, AnswerUse use);
/// Leaves what AnswerUse::learn leaves. Throws DataError that names the file where that is nothing.
void keep_learnable(std::vector<SquadQuestion>& questions, const std::filesystem::path& file);

}  // namespace albert
