// SQuAD's exact match and F1 as the official evaluate-v1.1.py and evaluate-v2.0.py compute them.
//
//   const SquadV2Metrics metrics = evaluate_squad_v2(predictions, gold);   // metrics.all.f1, metrics.best_f1, ...
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// The answer to one question. An empty text means "no answer" (v2.0).
struct SquadPrediction {
  std::string id;
  std::string text;
  /// The more, the less likely that there is an answer: a probability, or null score minus best span score. v2.0 only.
  double no_answer_score = 0;
};

/// The annotators' answers to one question; none where the passage has no answer (v2.0).
struct SquadGold {
  std::string id;
  std::vector<std::string> answers;
};

/// The official normalize_answer: lower case (Python's str.lower, all of Unicode), ASCII punctuation removed, the words a, an and
/// the replaced by a space (words as Python's \b sees them), white space as in ' '.join(s.split()). Bytes that are not UTF-8
/// stay and belong to no word.
std::string normalize_answer(std::string_view text);

/// Whether two answers are equal once they are normalised.
bool squad_exact_match(std::string_view prediction, std::string_view answer);

/// F1 over the bags of normalised words, in [0, 1]. Where a side has no word: v1.1 says 0, v2.0 says 1 if both have none, else 0.
double squad_f1_v1(std::string_view prediction, std::string_view answer);
double squad_f1_v2(std::string_view prediction, std::string_view answer);

/// Scores of one question, each the best over its gold answers.
struct SquadQuestionScore {
  double exact_match = 0;  // 0 or 1
  double f1 = 0;           // 0 to 1
  bool has_answer = true;  // there is at least one gold answer
  bool predicted = true;   // false: no prediction with this id, scores 0
};

/// In percent over `total` questions; NaN when total is 0.
struct SquadScores {
  double exact_match = 0;
  double f1 = 0;
  int64_t total = 0;
};

/// Result of v1.1. A question without a prediction counts as 0; `missing` says how many there are, `unknown` how many predictions
/// belong to no question (they count for nothing).
struct SquadV1Metrics {
  SquadScores all;
  int64_t missing = 0;
  int64_t unknown = 0;
};

/// Result of v2.0. Questions without a prediction are left out of every mean, as the official script does with a message;
/// `missing` counts them. (The breakdown into HasAns and NoAns of the official script fails where a prediction is missing; here
/// it is over the questions that have one.) `unknown`: predictions of no question, which count for nothing.
struct SquadV2Metrics {
  SquadScores all;                        // exact, f1, total
  std::optional<SquadScores> has_answer;  // HasAns_*; none without such questions
  std::optional<SquadScores> no_answer;   // NoAns_*
  double best_exact = 0;                  // in percent
  double best_exact_threshold = 0;
  double best_f1 = 0;  // in percent
  double best_f1_threshold = 0;
  int64_t missing = 0;
  int64_t unknown = 0;
};

/// The official default of --na-prob-thresh.
inline constexpr double kDefaultNoAnswerThreshold = 1.0;

/// Scores of each question, in the order of `gold`: what a bootstrap resamples. v1.1.
/// Throws DataError when an id occurs twice among the predictions or among the questions, or when a question has no gold answer.
std::vector<SquadQuestionScore> squad_v1_question_scores(std::span<const SquadPrediction> predictions,
                                                         std::span<const SquadGold> gold);

/// The same by v2.0. Gold answers that normalise to nothing are dropped; without any left the gold answer is the empty one. With
/// a threshold, a question whose no_answer_score is above it counts as answered by "no answer", whatever the text (official
/// apply_no_ans_threshold); without one, texts are taken as they are (get_raw_scores).
/// Throws DataError as above but for questions without answers, NumericError when a no_answer_score is NaN.
std::vector<SquadQuestionScore> squad_v2_question_scores(std::span<const SquadPrediction> predictions,
                                                         std::span<const SquadGold> gold,
                                                         std::optional<double> threshold = kDefaultNoAnswerThreshold);

/// evaluate-v1.1.py. Throws as squad_v1_question_scores.
SquadV1Metrics evaluate_squad_v1(std::span<const SquadPrediction> predictions, std::span<const SquadGold> gold);

/// evaluate-v2.0.py with --na-prob-file. The best thresholds are found as there (find_best_thresh): one pass over the predictions
/// by ascending no_answer_score, ties in the order given, from "all unanswered" (threshold 0) on; only a strictly better score
/// moves the threshold. Scores that are no probabilities (null score minus best span score) work as well, but for the start at 0,
/// which is the official one. With the default threshold such a score above 1 turns an answer into "no answer"; where the texts
/// are already decided, give infinity. Throws as squad_v2_question_scores.
SquadV2Metrics evaluate_squad_v2(std::span<const SquadPrediction> predictions, std::span<const SquadGold> gold,
                                 double threshold = kDefaultNoAnswerThreshold);

}  // namespace albert
