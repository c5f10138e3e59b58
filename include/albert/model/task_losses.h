// Losses of the task heads, as sums in fp32 (fp64 for fp64 scores): the trainer divides by the totals of the whole step.
//
//   loss                               divisor for the mean that transformers takes
//   class_loss_sum                     target_weight_sum of the targets of the step; without class weights their number
//   squared_error_sum                  rows * outputs
//   binary_cross_entropy_sum           rows * labels
//   span_loss_sum, beam_span_loss_sum  sequences that have targets
//   choice_loss_sum                    questions that have targets
//
// Rows whose target is kIgnoredTarget (losses.h) are not scored. Everything runs on the device of the scores.
#pragma once

#include <albert/model/losses.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace albert {

struct ClassLossOptions {
  at::Tensor class_weights{};    ///< [classes] on the device of the logits; undefined: all 1
  double label_smoothing = 0.0;  ///< in [0, 1)
};

/// Sum over rows of w[y] * ce, with label smoothing s: (1 - s) * w[y] * -log p[y] + s / classes * sum_c w[c] * -log p[c]
/// (torch.nn.CrossEntropyLoss, before its mean). logits: [rows, classes]; targets: [rows] int64. Without options it is
/// cross_entropy_sum.
at::Tensor class_loss_sum(const at::Tensor& logits, const at::Tensor& targets, const ClassLossOptions& options = {});

/// Sum of w[y] over the scored targets, counts[c] of them in class c: what torch.nn.CrossEntropyLoss(weight) divides its mean by. It
/// takes counts because they add up exactly over micro-batches and ranks. Both are [classes].
double target_weight_sum(std::span<const int64_t> counts, std::span<const double> class_weights);

/// Regression: sum of (prediction - target)^2. predictions, targets: of one shape ([rows, outputs]); targets floating.
at::Tensor squared_error_sum(const at::Tensor& predictions, const at::Tensor& targets);

/// Multi-label: sum of sigmoid cross entropies. logits: [rows, labels] (or [rows]); targets: of that shape, in [0, 1], floating.
/// positive_weights [labels] multiplies the term of a present label (torch.nn.BCEWithLogitsLoss pos_weight); undefined: all 1.
at::Tensor binary_cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& positive_weights = {});

/// What the answer of each sequence is. Positions count in the own sequence; 0 is [CLS].
struct SpanTargets {
  at::Tensor starts{};        ///< [batch] int64; kIgnoredTarget in both: not scored
  at::Tensor ends{};          ///< [batch] int64, the last token of the answer
  at::Tensor unanswerable{};  ///< [batch] floating, 1 = no answer; only beam_span_loss_sum reads it
};

/// Sum over sequences of (start ce + end ce) / 2, softmax over the sequence's own tokens. start_logits, end_logits: [tokens];
/// sequence_offsets: as in EncoderInput. Reference: google-research/albert squad_utils.py, transformers
/// AlbertForQuestionAnswering.
at::Tensor span_loss_sum(const at::Tensor& start_logits, const at::Tensor& end_logits, const SpanTargets& targets,
                         const at::Tensor& sequence_offsets);

/// span_loss_sum + 0.5 * sigmoid cross entropy of no_answer_logits [batch] (squad_utils.py, v2_model_fn_builder). Every sequence
/// has an `unanswerable` target.
at::Tensor beam_span_loss_sum(const at::Tensor& start_logits, const at::Tensor& end_logits, const at::Tensor& no_answer_logits,
                              const SpanTargets& targets, const at::Tensor& sequence_offsets);

/// Sum over questions of the cross entropy over their choices. scores: [sequences], the choices of a question one after another;
/// targets: [questions] int64, index of the right choice; question_offsets: [questions + 1] int64 on the CPU, so that questions
/// may have different numbers of choices.
at::Tensor choice_loss_sum(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& question_offsets);

/// Number of questions whose largest score is the target's, as an int64 scalar on the device of the scores.
at::Tensor count_correct_choices(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& question_offsets);

}  // namespace albert
