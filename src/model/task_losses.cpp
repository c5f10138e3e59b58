#include <albert/base/error.h>
#include <albert/model/ragged_rows.h>
#include <albert/model/task_losses.h>

#include <ATen/ATen.h>

namespace albert {
namespace {

at::Tensor in_full_precision(const at::Tensor& scores) {
  return scores.scalar_type() == at::kDouble ? scores : scores.to(at::kFloat);
}

void check_same_shape(const at::Tensor& scores, const at::Tensor& targets) {
  ALBERT_CHECK(scores.sizes() == targets.sizes() && targets.is_floating_point(),
               "targets must be floating and of the shape of the scores, got {} and {} elements", targets.numel(),
               scores.numel());
}

/// -sum_c w[c] * log p[c], times w of the own class for the first part: [rows] each.
at::Tensor smoothed_losses(const at::Tensor& log_probs, const at::Tensor& columns, const ClassLossOptions& options) {
  const double share = options.label_smoothing / static_cast<double>(log_probs.size(1));
  at::Tensor own = log_probs.gather(1, columns).squeeze(1).neg();
  at::Tensor all = log_probs;
  if (options.class_weights.defined()) {
    const at::Tensor weights = options.class_weights.to(log_probs.scalar_type());
    own = own * weights.index_select(0, columns.squeeze(1));
    all = log_probs * weights;
  }
  return options.label_smoothing == 0.0 ? own : own * (1.0 - options.label_smoothing) - all.sum(1) * share;
}

}  // namespace

at::Tensor class_loss_sum(const at::Tensor& logits, const at::Tensor& targets, const ClassLossOptions& options) {
  ALBERT_CHECK(options.label_smoothing >= 0.0 && options.label_smoothing < 1.0, "label smoothing {}", options.label_smoothing);
  if (!options.class_weights.defined() && options.label_smoothing == 0.0) return cross_entropy_sum(logits, targets);
  ALBERT_CHECK(logits.dim() == 2 && targets.dim() == 1 && logits.size(0) == targets.size(0) && targets.scalar_type() == at::kLong,
               "logits must be [rows, classes] and targets int64 [rows], got {} and {} dimensions", logits.dim(), targets.dim());
  ALBERT_CHECK(!options.class_weights.defined() || options.class_weights.sizes() == at::IntArrayRef{logits.size(1)},
               "class_weights must be [{}]", logits.size(1));
  const at::Tensor is_scored = targets.ne(kIgnoredTarget);
  const at::Tensor columns = at::where(is_scored, targets, 0).unsqueeze(1);  // [rows, 1]
  const at::Tensor losses = smoothed_losses(at::log_softmax(in_full_precision(logits), 1), columns, options);
  return at::where(is_scored, losses, 0.0).sum();
}

double target_weight_sum(std::span<const int64_t> counts, std::span<const double> class_weights) {
  ALBERT_CHECK(counts.size() == class_weights.size(), "{} counts for {} class weights", counts.size(), class_weights.size());
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) sum += class_weights[i] * static_cast<double>(counts[i]);
  return sum;
}

at::Tensor squared_error_sum(const at::Tensor& predictions, const at::Tensor& targets) {
  check_same_shape(predictions, targets);
  const at::Tensor scores = in_full_precision(predictions);
  return at::mse_loss(scores, targets.to(scores.scalar_type()), at::Reduction::Sum);
}

at::Tensor binary_cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& positive_weights) {
  check_same_shape(logits, targets);
  const at::Tensor scores = in_full_precision(logits);
  const auto type = scores.scalar_type();
  std::optional<at::Tensor> weights;
  if (positive_weights.defined()) {
    ALBERT_CHECK(logits.dim() == 2 && positive_weights.sizes() == at::IntArrayRef{logits.size(1)},
                 "positive_weights must be [labels] and logits [rows, labels]");
    weights = positive_weights.to(type);
  }
  return at::binary_cross_entropy_with_logits(scores, targets.to(type), /*weight=*/{}, weights, at::Reduction::Sum);
}

at::Tensor span_loss_sum(const at::Tensor& start_logits, const at::Tensor& end_logits, const SpanTargets& targets,
                         const at::Tensor& sequence_offsets) {
  const RaggedRows rows(sequence_offsets, start_logits.device());
  const at::Tensor start_loss = ragged_cross_entropy_sum(start_logits, targets.starts, rows);
  const at::Tensor end_loss = ragged_cross_entropy_sum(end_logits, targets.ends, rows);
  return (start_loss + end_loss) * 0.5;
}

at::Tensor beam_span_loss_sum(const at::Tensor& start_logits, const at::Tensor& end_logits, const at::Tensor& no_answer_logits,
                              const SpanTargets& targets, const at::Tensor& sequence_offsets) {
  const at::Tensor span = span_loss_sum(start_logits, end_logits, targets, sequence_offsets);
  return span + 0.5 * binary_cross_entropy_sum(no_answer_logits, targets.unanswerable);
}

at::Tensor choice_loss_sum(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& question_offsets) {
  return ragged_cross_entropy_sum(scores, targets, RaggedRows(question_offsets, scores.device()));
}

at::Tensor count_correct_choices(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& question_offsets) {
  return ragged_count_correct(scores, targets, RaggedRows(question_offsets, scores.device()));
}

}  // namespace albert
