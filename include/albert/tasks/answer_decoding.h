// From the scores of a question's windows to its answer, as Google's squad_utils.py and HF's run_qa.py do it. No tensors.
//
//   const DecodedAnswer answer = decode_answer(context, set.documents[d], windows, options);       // windows of one question
//   const std::string text = answer.no_answer_score > threshold ? "" : answer.text;    // SQuAD 2.0, linear head
#pragma once

#include <albert/config/fields.h>
#include <albert/tasks/question_windows.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Which windows may give an answer that begins at a piece.
enum class MaxContext {
  required,  ///< only the one that sees the first piece with most context (Google)
  ignored,   ///< all (HF's run_qa.py)
};
constexpr auto enum_names(config::EnumTag<MaxContext>) {
  return config::names<MaxContext>({{MaxContext::required, "required"}, {MaxContext::ignored, "ignored"}});
}

/// Section `evaluation.answers` of question answering; defaults are Google's, HF's differ in max_context only.
struct AnswerDecodingOptions {
  int64_t n_best = 20;             ///< starts and ends that are combined per window, and answers that are kept per question
  int64_t max_answer_length = 30;  ///< pieces
  MaxContext max_context = MaxContext::required;
};
template <config::Self<AnswerDecodingOptions> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"n_best", "starts and ends that are combined in each window, and answers kept of each question (SQuAD: 20)",
              config::range(1, 1000)},
        c.n_best);
  visit(Field{"max_answer_length", "pieces of the longest answer (SQuAD: 30)", config::at_least(1)}, c.max_answer_length);
  visit(Field{"max_context",
              "required: an answer counts only in the window that sees its first piece with most context (Google); "
              "ignored: in all windows (Hugging Face)"},
        c.max_context);
}

/// Scores of the linear head for one window.
struct SpanScores {
  const QuestionWindow* window = nullptr;
  std::span<const float> start;  ///< [window length] logits
  std::span<const float> end;    ///< [window length]
};

/// Scores of Google's v2 head for one window: a beam of starts and for each start a beam of ends, best first.
struct BeamScores {
  const QuestionWindow* window = nullptr;
  std::span<const float> start_log_probabilities;  ///< [starts]
  std::span<const int64_t> start_positions;        ///< [starts]
  std::span<const float> end_log_probabilities;    ///< [starts * ends], those of start i at i * ends
  std::span<const int64_t> end_positions;          ///< [starts * ends]
  float no_answer_logit = 0;                       ///< the classifier of answerability; larger: no answer
};

/// One answer of the n-best list.
struct AnswerCandidate {
  std::string text;        ///< raw slice of the context, stripped; never empty
  ByteRange range;         ///< of the text in the context
  double start_score = 0;  ///< logit, or log-probability of the v2 head
  double end_score = 0;
  double probability = 0;  ///< softmax of the sums over the n-best list
};

/// What is known about a question's answer.
struct DecodedAnswer {
  std::string text;            ///< the best answer, whether or not "no answer" is better; empty where no span is allowed at all
  double score = 0;            ///< its start_score + end_score; 0 without an answer
  double no_answer_score = 0;  ///< the larger, the more likely is "no answer" (null odds); see the functions
  std::vector<AnswerCandidate> n_best;  ///< best first, each text once
};

/// Linear head: in each window the n_best highest starts are combined with the n_best highest ends (on equal logits the earlier
/// position first); a span is dropped when it leaves the document, ends before it begins, has more than max_answer_length pieces,
/// or begins where the window has not the maximum context. Sorted by the sum of both logits; of equal texts the best stays.
///
/// no_answer_score is HF's: the minimum over the windows of start[0] + end[0] ([CLS]), less the best answer's score (or 0 without
/// one). HF answers "" when it is larger than null_score_diff_threshold (default 0). SQuAD 1.1 does not look at it.
///
/// Deviations: spans whose text is empty (a bare word mark) are no answers; without any span Google and HF write the word
/// "empty", we write "". `document` holds the pieces of `context`. Throws InternalError for scores of another length than the
/// window, or when there are no windows; NumericError for scores that are not finite.
DecodedAnswer decode_answer(std::string_view context, const Encoding& document, std::span<const SpanScores> windows,
                            const AnswerDecodingOptions& options);

/// Google's v2 head (accumulate_predictions_v2, write_predictions_v2): each window's starts with their own ends,
/// log-probabilities summed, the same rules for spans; n_best limits only the list.
///
/// no_answer_score is the minimum of no_answer_logit over the windows; the question is answered unless it is at least the
/// threshold, which Google sets to the one that is best for F1 on the evaluated data itself. Its final metric then still applies
/// the official script's threshold of 1.0 to the same logit: a question with a logit above 1 counts as "no answer" even where the
/// best threshold is larger.
DecodedAnswer decode_beam_answer(std::string_view context, const Encoding& document, std::span<const BeamScores> windows,
                                 const AnswerDecodingOptions& options);

}  // namespace albert
