#include <albert/base/error.h>
#include <albert/model/task_head_options.h>

namespace albert {

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

}  // namespace albert
