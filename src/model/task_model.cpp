#include <albert/base/error.h>
#include <albert/model/task_model.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace albert {
namespace {

/// Google's score of a forbidden position (squad_utils.py): finite, so that a sequence without an allowed one gives no NaN.
constexpr double kForbidden = -1e30;
/// Below it lie only forbidden positions and padding.
constexpr double kAllowedFrom = -1e29;
constexpr double kNothing = -std::numeric_limits<double>::infinity();

at::Tensor forbid(const at::Tensor& logits, const at::Tensor& p_mask) {
  return p_mask.defined() ? logits.masked_fill(p_mask, kForbidden) : logits;
}

struct Candidates {
  at::Tensor log_probs;  // [batch, count]
  at::Tensor positions;  // [batch, count]
};

/// The best allowed positions of each sequence; `rows` is at least `count` wide.
Candidates best(const at::Tensor& log_probs, const at::Tensor& p_mask, const RaggedRows& rows, int64_t count) {
  // Forbidden again: without an allowed position the softmax of forbidden ones is uniform.
  const auto [values, positions] = rows.pad(forbid(log_probs, p_mask), kNothing).topk(count, /*dim=*/1);
  const at::Tensor is_allowed = values.ge(kAllowedFrom);
  return {at::where(is_allowed, values, kNothing), at::where(is_allowed, positions, -1)};
}

/// What costs nothing: the values of starts only where the host has them.
void check_spans(const SpanInput& span, const at::Tensor& hidden, const RaggedRows& rows) {
  const at::Tensor& p_mask = span.p_mask;
  const at::Tensor& starts = span.starts;
  ALBERT_CHECK(!p_mask.defined() || (p_mask.scalar_type() == at::kBool && p_mask.dim() == 1 && p_mask.size(0) == hidden.size(0) &&
                                     p_mask.device() == hidden.device()),
               "p_mask must be bool [{}] on the device of the tokens", hidden.size(0));
  if (!starts.defined()) return;
  ALBERT_CHECK(starts.scalar_type() == at::kLong && starts.dim() == 1 && starts.size(0) == rows.num_rows(),
               "starts must be int64 [{}]", rows.num_rows());
  if (!starts.is_cpu() || !hidden.is_cpu()) return;
  ALBERT_CHECK(starts.lt(rows.lengths()).all().item<bool>(), "a start must be a position in its own sequence");
  ALBERT_CHECK(!p_mask.defined() || !p_mask.index_select(0, rows.index_of(starts)).any().item<bool>(),
               "a true start must not be forbidden by p_mask");
}

}  // namespace

TaskModelImpl::TaskModelImpl(const AlbertConfig& config, const TaskHeadOptions& head)
    : head_(head), albert_(register_module("albert", Albert(config, head.has_pooler() ? Pooling::first_token : Pooling::none))) {
  ALBERT_CHECK(head.num_outputs() >= 1, "a head must have at least one output, got {}", head.num_outputs());
  register_head();
}

void TaskModelImpl::register_head() {
  if (head_.head == TaskHead::question_answering_beam) {
    start_logits_ = register_module("start_logits", StartLogits(config()));
    end_logits_ = register_module("end_logits", EndLogits(config()));
    answer_class_ = register_module("answer_class", AnswerClass(config()));
    return;
  }
  const char* name = head_.head == TaskHead::question_answering ? "qa_outputs" : "classifier";
  classifier_ = register_module(name, Linear(config().hidden_size, head_.num_outputs()));
}

TaskOutput TaskModelImpl::forward(const EncoderInput& input, const EncoderOptions& options, const SpanInput& span) {
  ALBERT_CHECK(head_.head == TaskHead::question_answering_beam ||
                   (!span.p_mask.defined() && !span.starts.defined() && !span.beams.has_value()),
               "only the beam head of question answering reads spans");
  TaskOutput output;
  output.encoder = albert_->forward(input, options);
  if (head_.head == TaskHead::question_answering_beam) {
    answer_spans(input, span, output);
    return output;
  }
  const bool has_dropout = head_.head != TaskHead::question_answering;
  const at::Tensor& features = head_.has_pooler() ? output.encoder.pooled : output.encoder.last_hidden;
  output.logits = classify(features, classifier_, albert_->dropout(), has_dropout ? config().classifier_dropout_prob : 0.0);
  if (head_.head == TaskHead::multiple_choice) output.logits = output.logits.squeeze(1);
  if (head_.head == TaskHead::question_answering) {
    output.end_logits = output.logits.select(1, 1);
    output.logits = output.logits.select(1, 0);
  }
  return output;
}

void TaskModelImpl::answer_spans(const EncoderInput& input, const SpanInput& span, TaskOutput& output) {
  const at::Tensor& hidden = output.encoder.last_hidden;
  const BeamSize size = span.beams.value_or(BeamSize{});
  ALBERT_CHECK(size.starts >= 1 && size.ends >= 1, "beams must keep at least one candidate, got {} and {}", size.starts,
               size.ends);
  const RaggedRows rows(input.sequence_offsets, hidden.device(), span.beams.has_value() ? std::max(size.starts, size.ends) : 1);
  check_spans(span, hidden, rows);
  output.logits = ragged_log_softmax(forbid(start_logits_(hidden), span.p_mask), rows);
  if (span.starts.defined()) output.end_logits = end_log_probs(hidden, span.starts, span.p_mask, rows);

  const at::Tensor weighted = output.logits.exp().unsqueeze(1) * hidden;  // [tokens, hidden]
  const at::Tensor expected = at::zeros({rows.num_rows(), hidden.size(1)}, weighted.options());
  const at::Tensor start_states = expected.index_add(0, rows.row_of_value(), weighted);
  output.no_answer_logits = answer_class_(start_states, hidden.index_select(0, rows.first()), albert_->dropout());
  if (span.beams.has_value()) output.beams = search(hidden, output.logits, span.p_mask, rows, size);
}

at::Tensor TaskModelImpl::end_log_probs(const at::Tensor& hidden, const at::Tensor& starts, const at::Tensor& p_mask,
                                        const RaggedRows& rows) {
  const at::Tensor start_of_token = rows.index_of(starts).index_select(0, rows.row_of_value());  // [tokens]
  return ragged_log_softmax(forbid(end_logits_(hidden, hidden.index_select(0, start_of_token)), p_mask), rows);
}

SpanBeams TaskModelImpl::search(const at::Tensor& hidden, const at::Tensor& start_log_probs, const at::Tensor& p_mask,
                                const RaggedRows& rows, const BeamSize& size) {
  const Candidates starts = best(start_log_probs, p_mask, rows, size.starts);
  std::vector<at::Tensor> end_log_probs_of_starts;
  std::vector<at::Tensor> ends_of_starts;
  // One start after the other: the joined states of all of them at once would be the largest tensor of the model.
  for (int64_t i = 0; i < size.starts; ++i) {
    const at::Tensor start = starts.positions.select(1, i);
    const Candidates ends = best(end_log_probs(hidden, start, p_mask, rows), p_mask, rows, size.ends);
    const at::Tensor has_no_start = start.lt(0).unsqueeze(1);
    end_log_probs_of_starts.push_back(ends.log_probs.masked_fill(has_no_start, kNothing));
    ends_of_starts.push_back(ends.positions.masked_fill(has_no_start, -1));
  }
  return {starts.log_probs, starts.positions, at::stack(end_log_probs_of_starts, 1), at::stack(ends_of_starts, 1)};
}

}  // namespace albert
