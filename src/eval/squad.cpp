#include "eval/ratios.h"
#include "eval/squad_answer.h"

#include <albert/base/error.h>
#include <albert/eval/squad.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace albert {
namespace {

/// The prediction of each question; null where there is none.
using Matches = std::vector<const SquadPrediction*>;

template <typename Item>
std::unordered_map<std::string_view, const Item*> index_by_id(std::span<const Item> items, std::string_view what) {
  std::unordered_map<std::string_view, const Item*> index;
  index.reserve(items.size());
  for (const Item& item : items) {
    if (!index.emplace(item.id, &item).second) {
      throw DataError(fmt::format("question {}: one {} for each id, got two; make the ids unique", item.id, what));
    }
  }
  return index;
}

Matches match(std::span<const SquadPrediction> predictions, std::span<const SquadGold> gold) {
  index_by_id(gold, "question");
  const auto index = index_by_id(predictions, "prediction");
  Matches matches;
  matches.reserve(gold.size());
  for (const SquadGold& question : gold) {
    const auto found = index.find(question.id);
    matches.push_back(found == index.end() ? nullptr : found->second);
  }
  return matches;
}

/// The best of both scores over the gold answers, each on its own.
SquadQuestionScore best_score(std::string_view prediction, const std::vector<NormalizedAnswer>& answers, SquadVersion version) {
  const NormalizedAnswer normalized(prediction);
  SquadQuestionScore score;
  for (const NormalizedAnswer& answer : answers) {
    score.exact_match = std::max(score.exact_match, normalized.text == answer.text ? 1.0 : 0.0);
    score.f1 = std::max(score.f1, answer_f1(normalized, answer, version));
  }
  return score;
}

std::vector<NormalizedAnswer> gold_answers(const SquadGold& question, SquadVersion version) {
  std::vector<NormalizedAnswer> answers;
  answers.reserve(question.answers.size() + 1);
  for (const std::string& answer : question.answers) answers.emplace_back(answer);
  if (version == SquadVersion::v2) {
    std::erase_if(answers, [](const NormalizedAnswer& answer) { return answer.text.empty(); });
    if (answers.empty()) answers.emplace_back("");
  }
  if (answers.empty()) {
    throw DataError(
        fmt::format("question {}: at least one gold answer, got none; score questions without an answer by "
                    "the rules of SQuAD 2.0",
                    question.id));
  }
  return answers;
}

std::vector<SquadQuestionScore> raw_scores(const Matches& matches, std::span<const SquadGold> gold, SquadVersion version) {
  std::vector<SquadQuestionScore> scores;
  scores.reserve(gold.size());
  for (size_t i = 0; i < gold.size(); ++i) {
    const std::vector<NormalizedAnswer> answers = gold_answers(gold[i], version);
    SquadQuestionScore score;
    if (matches[i] != nullptr) score = best_score(matches[i]->text, answers, version);
    score.predicted = matches[i] != nullptr;
    score.has_answer = !gold[i].answers.empty();
    scores.push_back(score);
  }
  return scores;
}

void check_no_answer_scores(std::span<const SquadPrediction> predictions) {
  for (const SquadPrediction& prediction : predictions) {
    if (!std::isnan(prediction.no_answer_score)) continue;
    throw NumericError(fmt::format("question {}: the no-answer score must be a number, got nan", prediction.id));
  }
}

void apply_threshold(const Matches& matches, double threshold, std::vector<SquadQuestionScore>& scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (matches[i] == nullptr || matches[i]->no_answer_score <= threshold) continue;
    scores[i].exact_match = scores[i].f1 = scores[i].has_answer ? 0 : 1;
  }
}

template <typename Keep>
SquadScores mean_scores(std::span<const SquadQuestionScore> scores, const Keep& keep) {
  SquadScores mean;
  for (const SquadQuestionScore& score : scores) {
    if (!keep(score)) continue;
    mean.exact_match += score.exact_match;
    mean.f1 += score.f1;
    ++mean.total;
  }
  const double percent = mean.total == 0 ? kUndefined : 100.0 / static_cast<double>(mean.total);
  mean.exact_match *= percent;
  mean.f1 *= percent;
  return mean;
}

std::optional<SquadScores> scores_of_kind(std::span<const SquadQuestionScore> scores, bool has_answer) {
  const SquadScores mean =
      mean_scores(scores, [&](const SquadQuestionScore& score) { return score.predicted && score.has_answer == has_answer; });
  return mean.total > 0 ? std::optional(mean) : std::nullopt;
}

struct BestThreshold {
  double score = 0;  // in percent
  double threshold = 0;
};

/// The questions that have a prediction, by ascending score for "no answer", ties in the order of the predictions.
std::vector<size_t> ascending_questions(const Matches& matches) {
  std::vector<size_t> order;
  for (size_t i = 0; i < matches.size(); ++i) {
    if (matches[i] != nullptr) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](size_t i) { return std::pair(matches[i]->no_answer_score, matches[i]); });
  return order;
}

/// The official find_best_thresh for one of the two scores.
BestThreshold find_best_threshold(const Matches& matches, std::span<const SquadQuestionScore> scores,
                                  double SquadQuestionScore::*which) {
  // With the threshold below every score nothing is answered: right for every question without an answer, the missing ones too.
  auto current = static_cast<double>(std::ranges::count(scores, false, &SquadQuestionScore::has_answer));
  BestThreshold best{.score = current, .threshold = 0};
  const std::vector<size_t> order = ascending_questions(matches);
  for (const size_t i : order) {
    if (scores[i].has_answer) {
      current += scores[i].*which;
    } else if (!matches[i]->text.empty()) {
      current -= 1;
    }
    if (current > best.score) best = {.score = current, .threshold = matches[i]->no_answer_score};
  }
  best.score = order.empty() ? kUndefined : 100.0 * best.score / static_cast<double>(order.size());
  return best;
}

/// Ids are unique on both sides, so what is no question's prediction is unknown.
template <typename Metrics>
void count_unmatched(std::span<const SquadPrediction> predictions, std::span<const SquadQuestionScore> scores, Metrics& metrics) {
  const int64_t matched = std::ranges::count(scores, true, &SquadQuestionScore::predicted);
  metrics.missing = static_cast<int64_t>(scores.size()) - matched;
  metrics.unknown = static_cast<int64_t>(predictions.size()) - matched;
}

}  // namespace

std::vector<SquadQuestionScore> squad_v1_question_scores(std::span<const SquadPrediction> predictions,
                                                         std::span<const SquadGold> gold) {
  return raw_scores(match(predictions, gold), gold, SquadVersion::v1);
}

std::vector<SquadQuestionScore> squad_v2_question_scores(std::span<const SquadPrediction> predictions,
                                                         std::span<const SquadGold> gold, std::optional<double> threshold) {
  check_no_answer_scores(predictions);
  const Matches matches = match(predictions, gold);
  std::vector<SquadQuestionScore> scores = raw_scores(matches, gold, SquadVersion::v2);
  if (threshold) apply_threshold(matches, *threshold, scores);
  return scores;
}

SquadV1Metrics evaluate_squad_v1(std::span<const SquadPrediction> predictions, std::span<const SquadGold> gold) {
  const std::vector<SquadQuestionScore> scores = squad_v1_question_scores(predictions, gold);
  SquadV1Metrics metrics{.all = mean_scores(scores, [](const SquadQuestionScore&) { return true; })};
  count_unmatched(predictions, scores, metrics);
  return metrics;
}

SquadV2Metrics evaluate_squad_v2(std::span<const SquadPrediction> predictions, std::span<const SquadGold> gold,
                                 double threshold) {
  check_no_answer_scores(predictions);
  const Matches matches = match(predictions, gold);
  std::vector<SquadQuestionScore> scores = raw_scores(matches, gold, SquadVersion::v2);
  SquadV2Metrics metrics;
  count_unmatched(predictions, scores, metrics);
  const BestThreshold best_exact = find_best_threshold(matches, scores, &SquadQuestionScore::exact_match);
  const BestThreshold best_f1 = find_best_threshold(matches, scores, &SquadQuestionScore::f1);
  metrics.best_exact = best_exact.score;
  metrics.best_exact_threshold = best_exact.threshold;
  metrics.best_f1 = best_f1.score;
  metrics.best_f1_threshold = best_f1.threshold;
  apply_threshold(matches, threshold, scores);
  metrics.all = mean_scores(scores, [](const SquadQuestionScore& score) { return score.predicted; });
  metrics.has_answer = scores_of_kind(scores, /*has_answer=*/true);
  metrics.no_answer = scores_of_kind(scores, /*has_answer=*/false);
  return metrics;
}

}  // namespace albert
