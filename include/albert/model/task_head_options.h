// Which head of a task stands on the encoder, and the names that follow from it.
#pragma once

#include <albert/config/fields.h>
#include <albert/model/albert_config.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Heads of fine-tuning. All but `question_answering_beam` are those of transformers (AlbertFor..., BertFor...).
enum class TaskHead {
  sequence,                 ///< pooler, dropout, linear: classes, labels or regression of a sequence
  token,                    ///< dropout, linear on every token; no pooler
  question_answering,       ///< linear to a start and an end score per token; no dropout, no pooler
  question_answering_beam,  ///< Google's head of SQuAD 2.0: ends that depend on the start, and answerability; no pooler
  multiple_choice,          ///< pooler, dropout, one score per sequence; softmax over the choices of a question
};
constexpr auto enum_names(config::EnumTag<TaskHead>) {
  return config::names<TaskHead>({{TaskHead::sequence, "sequence"},
                                  {TaskHead::token, "token"},
                                  {TaskHead::question_answering, "question_answering"},
                                  {TaskHead::question_answering_beam, "question_answering_beam"},
                                  {TaskHead::multiple_choice, "multiple_choice"}});
}

struct TaskHeadOptions {
  TaskHead head = TaskHead::sequence;
  /// Outputs of the classifier: classes, labels, or regressed values. Only `sequence` and `token` read it; see num_outputs().
  int64_t num_labels = 2;

  bool operator==(const TaskHeadOptions&) const = default;
  /// num_labels; 2 for question answering (start, end), 1 for multiple choice.
  [[nodiscard]] int64_t num_outputs() const;
  /// Whether the head reads the pooled first token (as the class of transformers does).
  [[nodiscard]] bool has_pooler() const;
  /// Whether config.json lists labels.
  [[nodiscard]] bool has_labels() const { return head == TaskHead::sequence || head == TaskHead::token; }
};

/// Prefixes of the head's parameter names: {"classifier."}, {"qa_outputs."}, or those of the beam head (XLNet's in transformers).
std::vector<std::string> head_prefixes(TaskHead head);

/// Every parameter of a model with this head once, named as in parameters_by_name(); allocates no tensor. Not in the order of the
/// module.
std::vector<ParameterShape> parameter_shapes(const AlbertConfig& config, const TaskHeadOptions& head);

/// Values of `problem_type` in config.json, for TaskHead::sequence.
inline constexpr std::string_view kRegression = "regression";
inline constexpr std::string_view kSingleLabel = "single_label_classification";
inline constexpr std::string_view kMultiLabel = "multi_label_classification";

}  // namespace albert
