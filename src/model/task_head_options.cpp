#include <albert/base/error.h>
#include <albert/model/task_head_options.h>

#include <utility>

namespace albert {
namespace {

std::vector<ParameterShape> head_shapes(const TaskHeadOptions& head, int64_t hidden) {
  std::vector<ParameterShape> shapes;
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    shapes.push_back({name + ".weight", {out, in}});
    shapes.push_back({name + ".bias", {out}});
  };
  switch (head.head) {
    case TaskHead::sequence:
    case TaskHead::token:
    case TaskHead::multiple_choice:
      linear("classifier", hidden, head.num_outputs());
      return shapes;
    case TaskHead::question_answering:
      linear("qa_outputs", hidden, head.num_outputs());
      return shapes;
    case TaskHead::question_answering_beam:
      linear("start_logits.dense", hidden, 1);
      linear("end_logits.dense_0", 2 * hidden, hidden);
      shapes.push_back({"end_logits.LayerNorm.weight", {hidden}});
      shapes.push_back({"end_logits.LayerNorm.bias", {hidden}});
      linear("end_logits.dense_1", hidden, 1);
      linear("answer_class.dense_0", 2 * hidden, hidden);
      shapes.push_back({"answer_class.dense_1.weight", {1, hidden}});
      return shapes;
  }
  throw InternalError("unknown task head");
}

}  // namespace

int64_t TaskHeadOptions::num_outputs() const {
  switch (head) {
    case TaskHead::sequence:
    case TaskHead::token:
      return num_labels;
    case TaskHead::question_answering:
    case TaskHead::question_answering_beam:
      return 2;
    case TaskHead::multiple_choice:
      return 1;
  }
  throw InternalError("unknown task head");
}

bool TaskHeadOptions::has_pooler() const { return head == TaskHead::sequence || head == TaskHead::multiple_choice; }

std::vector<std::string> head_prefixes(TaskHead head) {
  switch (head) {
    case TaskHead::sequence:
    case TaskHead::token:
    case TaskHead::multiple_choice:
      return {"classifier."};
    case TaskHead::question_answering:
      return {"qa_outputs."};
    case TaskHead::question_answering_beam:
      return {"start_logits.", "end_logits.", "answer_class."};
  }
  throw InternalError("unknown task head");
}

std::vector<ParameterShape> parameter_shapes(const AlbertConfig& config, const TaskHeadOptions& head) {
  std::vector<ParameterShape> shapes;
  for (auto& parameter : parameter_shapes(config, PretrainingHeads::masked_lm_sentence_order)) {
    const bool is_pooler = parameter.name.starts_with("albert.pooler.");
    if (parameter.name.starts_with("albert.") && (!is_pooler || head.has_pooler())) shapes.push_back(std::move(parameter));
  }
  for (auto& parameter : head_shapes(head, config.hidden_size)) shapes.push_back(std::move(parameter));
  return shapes;
}

}  // namespace albert
