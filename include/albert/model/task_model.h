// The encoder with the head of a task.
//
//   TaskModel model(config, TaskHeadOptions{.head = TaskHead::sequence, .num_labels = 3});
//   initialize(parameters_by_name(*model), config.initializer_range, seed);
//   import_arrays(arrays, parameters_by_name(*model), config, rules, where);  // rules: task_import_rules()
//   const TaskOutput output = model(input);
//   const at::Tensor loss = class_loss_sum(output.logits, targets) / num_targets;
#pragma once

#include <albert/model/albert.h>
#include <albert/model/task_head_options.h>
#include <albert/model/task_heads.h>

#include <optional>

namespace albert {

/// What only TaskHead::question_answering_beam reads beside the tokens.
struct SpanInput {
  at::Tensor p_mask{};  ///< [tokens] bool, true = no span starts or ends here (the question, [SEP]; not [CLS]); undefined: none
  at::Tensor starts{};  ///< [batch] int64, true starts as in SpanTargets, none forbidden: gives end_logits
  std::optional<BeamSize> beams{};  ///< gives beams
};

/// Scores are fp32 in fp32 and bf16, fp64 for a model of fp64.
struct TaskOutput {
  EncoderOutput encoder;
  /// sequence: [batch, labels]; token: [tokens, labels]; multiple_choice: [batch], one score per sequence; question_answering:
  /// start logits [tokens]; question_answering_beam: log-probability inside its sequence of each token as start [tokens].
  at::Tensor logits;
  /// question_answering: end logits [tokens]; question_answering_beam: log-probability of each token as end, given
  /// SpanInput::starts.
  at::Tensor end_logits;
  at::Tensor no_answer_logits;     ///< question_answering_beam: [batch], positive = rather no answer
  std::optional<SpanBeams> beams;  ///< question_answering_beam, on request
};

/// Parameters have the published names: "albert.*", and for the head "classifier.*" or "qa_outputs.*" as in transformers;
/// "start_logits.*", "end_logits.*" and "answer_class.*" for the beam head (Google's names, as XLNet has them in transformers).
/// Dropout before the classifier: classifier_dropout_prob; question answering has none.
class TaskModelImpl : public torch::nn::Module {
 public:
  TaskModelImpl(const AlbertConfig& config, const TaskHeadOptions& head);

  /// `span` belongs to the beam head; others refuse it (InternalError).
  TaskOutput forward(const EncoderInput& input, const EncoderOptions& options = {}, const SpanInput& span = {});

  [[nodiscard]] const AlbertConfig& config() const { return albert_->config(); }
  [[nodiscard]] const TaskHeadOptions& head() const { return head_; }
  Albert& albert() { return albert_; }
  void set_precision(Precision precision) { albert_->set_precision(precision); }
  void set_activation_checkpointing(int64_t every) { albert_->set_activation_checkpointing(every); }
  void set_dropout_seed(uint64_t seed) { albert_->set_dropout_seed(seed); }
  /// After every change of the parameters from outside (optimizer, checkpoint): bf16 copies are cast again.
  void parameters_changed() { notify_parameters_changed(*this); }

 private:
  void register_head();
  void answer_spans(const EncoderInput& input, const SpanInput& span, TaskOutput& output);
  /// Log-probabilities [tokens] of ends given one start position [batch] per sequence.
  at::Tensor end_log_probs(const at::Tensor& hidden, const at::Tensor& starts, const at::Tensor& p_mask, const RaggedRows& rows);
  SpanBeams search(const at::Tensor& hidden, const at::Tensor& start_log_probs, const at::Tensor& p_mask, const RaggedRows& rows,
                   const BeamSize& size);

  TaskHeadOptions head_;
  Albert albert_;
  Linear classifier_{nullptr};  // "classifier" or "qa_outputs"
  StartLogits start_logits_{nullptr};
  EndLogits end_logits_{nullptr};
  AnswerClass answer_class_{nullptr};
};
TORCH_MODULE(TaskModel);

}  // namespace albert
