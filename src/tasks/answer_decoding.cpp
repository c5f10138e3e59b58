#include <albert/base/error.h>
#include <albert/tasks/answer_decoding.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace albert {
namespace {

/// A span of one window and its scores.
struct Span {
  const QuestionWindow* window = nullptr;
  int64_t start = 0;
  int64_t end = 0;
  double start_score = 0;
  double end_score = 0;
  [[nodiscard]] double score() const { return start_score + end_score; }
};

bool is_allowed(const Span& span, const AnswerDecodingOptions& options) {
  const QuestionWindow& window = *span.window;
  if (!window.holds_document(span.start) || !window.holds_document(span.end)) return false;
  if (span.end < span.start || span.end - span.start + 1 > options.max_answer_length) return false;
  return options.max_context == MaxContext::ignored || window.has_max_context(span.start);
}

/// Positions of the highest scores, best first; of equal ones the earlier first.
std::vector<int64_t> best_positions(std::span<const float> scores, int64_t count) {
  std::vector<int64_t> positions(scores.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto kept = positions.begin() + std::min<int64_t>(count, static_cast<int64_t>(positions.size()));
  std::partial_sort(positions.begin(), kept, positions.end(), [&](int64_t a, int64_t b) {
    const float score_a = scores[static_cast<size_t>(a)];
    const float score_b = scores[static_cast<size_t>(b)];
    return score_a != score_b ? score_a > score_b : a < b;
  });
  positions.erase(kept, positions.end());
  return positions;
}

void require_finite(double score, const QuestionWindow& window) {
  if (std::isfinite(score)) return;
  throw NumericError(
      fmt::format("scores of question {}: must be finite, got {}; the model has diverged", window.question, score));
}

void require_shape(const SpanScores& scores) {
  ALBERT_CHECK(scores.window != nullptr, "scores without a window");
  const size_t length = scores.window->ids.size();
  ALBERT_CHECK(scores.start.size() == length && scores.end.size() == length, "{} and {} scores for a window of {} pieces",
               scores.start.size(), scores.end.size(), length);
  for (size_t i = 0; i < length; ++i) require_finite(double{scores.start[i]} + double{scores.end[i]}, *scores.window);
}

void require_shape(const BeamScores& scores) {
  ALBERT_CHECK(scores.window != nullptr, "scores without a window");
  const size_t starts = scores.start_positions.size();
  const size_t spans = scores.end_positions.size();
  ALBERT_CHECK(starts > 0 && spans % starts == 0 && scores.start_log_probabilities.size() == starts &&
                   scores.end_log_probabilities.size() == spans,
               "a beam of {} starts ({} scores) and {} ends ({} scores)", starts, scores.start_log_probabilities.size(), spans,
               scores.end_log_probabilities.size());
  require_finite(double{scores.no_answer_logit}, *scores.window);
}

void set_probabilities(std::vector<AnswerCandidate>& n_best) {
  if (n_best.empty()) return;
  const double highest = n_best.front().start_score + n_best.front().end_score;
  double sum = 0;
  for (AnswerCandidate& candidate : n_best) {
    candidate.probability = std::exp(candidate.start_score + candidate.end_score - highest);
    sum += candidate.probability;
  }
  for (AnswerCandidate& candidate : n_best) candidate.probability /= sum;
}

/// Sorts the spans and keeps the best of each text.
DecodedAnswer best_answers(std::string_view context, const Encoding& document, std::vector<Span> spans,
                           const AnswerDecodingOptions& options) {
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.score() > b.score(); });
  DecodedAnswer answer;
  std::unordered_set<std::string_view> seen;
  for (const Span& span : spans) {
    if (static_cast<int64_t>(answer.n_best.size()) >= options.n_best) break;
    const ByteRange range = range_of_pieces(
        document, {.first = span.window->document_piece(span.start), .last = span.window->document_piece(span.end)});
    const std::string_view text = context.substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin));
    if (text.empty() || !seen.insert(text).second) continue;
    answer.n_best.push_back(
        {.text = std::string(text), .range = range, .start_score = span.start_score, .end_score = span.end_score});
  }
  set_probabilities(answer.n_best);
  if (!answer.n_best.empty()) {
    answer.text = answer.n_best.front().text;
    answer.score = answer.n_best.front().start_score + answer.n_best.front().end_score;
  }
  return answer;
}

}  // namespace

DecodedAnswer decode_answer(std::string_view context, const Encoding& document, std::span<const SpanScores> windows,
                            const AnswerDecodingOptions& options) {
  ALBERT_CHECK(!windows.empty(), "a question without windows");
  std::vector<Span> spans;
  double null_score = std::numeric_limits<double>::infinity();
  for (const SpanScores& scores : windows) {
    require_shape(scores);
    null_score = std::min(null_score, double{scores.start[0]} + double{scores.end[0]});
    const std::vector<int64_t> ends = best_positions(scores.end, options.n_best);
    for (const int64_t start : best_positions(scores.start, options.n_best)) {
      for (const int64_t end : ends) {
        const Span span{.window = scores.window,
                        .start = start,
                        .end = end,
                        .start_score = double{scores.start[static_cast<size_t>(start)]},
                        .end_score = double{scores.end[static_cast<size_t>(end)]}};
        if (is_allowed(span, options)) spans.push_back(span);
      }
    }
  }
  DecodedAnswer answer = best_answers(context, document, std::move(spans), options);
  answer.no_answer_score = null_score - answer.score;
  return answer;
}

DecodedAnswer decode_beam_answer(std::string_view context, const Encoding& document, std::span<const BeamScores> windows,
                                 const AnswerDecodingOptions& options) {
  ALBERT_CHECK(!windows.empty(), "a question without windows");
  std::vector<Span> spans;
  double no_answer = std::numeric_limits<double>::infinity();
  for (const BeamScores& scores : windows) {
    require_shape(scores);
    no_answer = std::min(no_answer, double{scores.no_answer_logit});
    const size_t ends = scores.end_positions.size() / scores.start_positions.size();
    for (size_t i = 0; i < scores.end_positions.size(); ++i) {
      const Span span{.window = scores.window,
                      .start = scores.start_positions[i / ends],
                      .end = scores.end_positions[i],
                      .start_score = double{scores.start_log_probabilities[i / ends]},
                      .end_score = double{scores.end_log_probabilities[i]}};
      if (!is_allowed(span, options)) continue;
      require_finite(span.score(), *span.window);
      spans.push_back(span);
    }
  }
  DecodedAnswer answer = best_answers(context, document, std::move(spans), options);
  answer.no_answer_score = no_answer;
  return answer;
}

}  // namespace albert
