// Questions of SQuAD 1.1 and 2.0 files (and of sets in their format, such as XQuAD).
#pragma once

#include <albert/data/data_file.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace albert {

struct SquadAnswer {
  std::string text{};
  int64_t start = 0;       ///< as in the file: Unicode code points from the beginning of the context
  int64_t start_byte = 0;  ///< the same place in the UTF-8 of the context
  bool operator==(const SquadAnswer&) const = default;
};

struct SquadQuestion {
  std::string id{};
  std::string title{};                           ///< of the article
  int64_t article = 0;                           ///< number of the article in the file, from 0: what a split keeps together
  std::shared_ptr<const std::string> context{};  ///< shared by the questions of a paragraph; never null
  std::string question{};
  std::vector<SquadAnswer> answers{};  ///< those that stand where the file says; none for an impossible question
  bool is_impossible = false;
};

/// What was found beside good questions.
struct SquadProblems {
  static constexpr size_t kMaximumListed = 20;
  int64_t num_misaligned_answers = 0;         ///< the text does not stand at answer_start: the answer is dropped
  int64_t num_without_answer = 0;             ///< no answer (left), but not impossible: left out where answers are required
  int64_t num_impossible_with_answers = 0;    ///< `is_impossible`, and answers: the answers are dropped
  std::vector<std::string> misaligned{};      ///< ids, at most kMaximumListed
  std::vector<std::string> without_answer{};  ///< ids, at most kMaximumListed
};

struct SquadData {
  std::string version{};                   ///< of the file; may be empty
  std::vector<SquadQuestion> questions{};  ///< in the order of the file
  int64_t num_articles = 0;
  int64_t num_paragraphs = 0;
  SquadProblems problems{};
};

/// Whether questions without an answer are kept (prediction) or left out and counted (training, evaluation).
enum class AnswerUse { required, optional };

/// Reads the whole file; `path` and `encoding` are used. Throws DataError: file:line:column for bad JSON; file and the path in
/// the document (data[3].paragraphs[0].qas[1].id) for another schema, an empty context or question, and an id that stands twice;
/// the file where it has no usable question.
SquadData read_squad(const DataFileConfig& file, AnswerUse answers);

}  // namespace albert
