// Parity of the task heads with Hugging Face (and, for the beam head, with plain linears on AlbertModel) on golden files: logits,
// losses and every gradient, in fp32.
#include "task_golden.h"

#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <albert/model/task_losses.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

using testing::kParity;
using testing::load_task_golden;
using testing::relative_error;
using testing::TaskGolden;

constexpr double kZeroGradient = 2e-7;  // of what vanishes in exact arithmetic: the reference's own are up to 1e-7
constexpr int64_t kChoices = 3;

SpanTargets spans(const TaskGolden& golden) {
  return {.starts = golden.tensors.at("start_positions"), .ends = golden.tensors.at("end_positions")};
}

TaskOutput run(TaskGolden& golden) {
  SpanInput span;
  if (golden.head.head == TaskHead::question_answering_beam) {
    span.p_mask = golden.packed("p_mask").to(at::kBool);
    span.starts = golden.tensors.at("start_positions");
  }
  return golden.model->forward(golden.input, {}, span);
}

at::Tensor num_scored(const at::Tensor& targets) { return targets.ne(kIgnoredTarget).sum(); }

/// target_weight_sum of a batch.
double weight_of(const at::Tensor& targets, const at::Tensor& weights) {
  std::vector<int64_t> counts(static_cast<size_t>(weights.numel()));
  std::vector<double> values;
  for (int64_t i = 0; i < weights.numel(); ++i) values.push_back(weights[i].item<double>());
  for (int64_t i = 0; i < targets.numel(); ++i) {
    const auto target = targets[i].item<int64_t>();
    if (target != kIgnoredTarget) ++counts.at(static_cast<size_t>(target));
  }
  return target_weight_sum(counts, values);
}

/// The mean that the class of transformers takes.
at::Tensor sequence_loss(const TaskGolden& golden, const TaskOutput& output) {
  const at::Tensor& labels = golden.tensors.at("labels");
  if (golden.config.problem_type == kRegression) {
    return squared_error_sum(output.logits, labels.unsqueeze(1)) / labels.numel();
  }
  if (golden.config.problem_type == kMultiLabel) return binary_cross_entropy_sum(output.logits, labels) / labels.numel();
  return class_loss_sum(output.logits, labels) / num_scored(labels);
}

at::Tensor mean_loss(const TaskGolden& golden, const TaskOutput& output) {
  const at::Tensor& offsets = golden.input.sequence_offsets;
  const int64_t batch = offsets.size(0) - 1;
  switch (golden.head.head) {
    case TaskHead::sequence:
      return sequence_loss(golden, output);
    case TaskHead::token: {
      const at::Tensor labels = golden.packed("labels");
      return class_loss_sum(output.logits, labels) / num_scored(labels);
    }
    case TaskHead::question_answering:
      return span_loss_sum(output.logits, output.end_logits, spans(golden), offsets) / batch;
    case TaskHead::question_answering_beam: {
      SpanTargets targets = spans(golden);
      targets.unanswerable = golden.tensors.at("unanswerable");
      return beam_span_loss_sum(output.logits, output.end_logits, output.no_answer_logits, targets, offsets) / batch;
    }
    case TaskHead::multiple_choice: {
      const at::Tensor questions = at::arange(0, batch + 1, kChoices);
      return choice_loss_sum(output.logits, golden.tensors.at("labels"), questions) / (batch / kChoices);
    }
  }
  throw std::logic_error("unknown head");
}

at::Tensor expected_logits(const TaskGolden& golden, const std::string& name) {
  switch (golden.head.head) {
    case TaskHead::sequence:
      return golden.tensors.at(name);
    case TaskHead::multiple_choice:
      return golden.tensors.at(name).flatten();
    case TaskHead::token:
    case TaskHead::question_answering:
    case TaskHead::question_answering_beam:
      return golden.packed(name);
  }
  throw std::logic_error("unknown head");
}

/// Forbidden positions have -1e30 on both sides and would hide the others.
void expect_scores_near(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor is_allowed = expected.gt(-1e29);
  ASSERT_TRUE(actual.gt(-1e29).equal(is_allowed));
  EXPECT_LT(relative_error(actual.masked_select(is_allowed), expected.masked_select(is_allowed)), kParity);
}

class TaskGoldenParity : public ::testing::TestWithParam<const char*> {
 protected:
  TaskGolden golden_ = load_task_golden(GetParam());
};

TEST_P(TaskGoldenParity, LogitsEqualTheReference) {
  const TaskOutput output = run(golden_);
  ASSERT_EQ(output.logits.sizes(), expected_logits(golden_, "logits").sizes());
  expect_scores_near(output.logits, expected_logits(golden_, "logits"));
  ASSERT_EQ(output.end_logits.defined(), golden_.tensors.contains("end_logits"));
  if (output.end_logits.defined()) expect_scores_near(output.end_logits, expected_logits(golden_, "end_logits"));
  ASSERT_EQ(output.no_answer_logits.defined(), golden_.tensors.contains("no_answer_logits"));
  if (output.no_answer_logits.defined()) {
    EXPECT_LT(relative_error(output.no_answer_logits, golden_.tensors.at("no_answer_logits")), kParity);
  }
}

TEST_P(TaskGoldenParity, LossEqualsTheReference) {
  EXPECT_LT(relative_error(mean_loss(golden_, run(golden_)), golden_.tensors.at("loss")), kParity);
}

TEST_P(TaskGoldenParity, EveryGradientEqualsTheReference) {
  mean_loss(golden_, run(golden_)).backward();
  const auto actual = testing::gradients_of(*golden_.model);
  ASSERT_EQ(actual.size(), golden_.gradients.size());
  for (const auto& [name, reference] : golden_.gradients) {
    const at::Tensor& gradient = actual.at(name);
    if (testing::is_zero_gradient(golden_, name)) {
      EXPECT_LT(gradient.abs().max().item<double>(), kZeroGradient) << name;
    } else {
      EXPECT_LT(relative_error(gradient, reference), kParity) << name;
    }
  }
}

TEST_P(TaskGoldenParity, ThePoolerIsThereWhereTheReferenceHasOne) {
  EXPECT_EQ(golden_.gradients.contains("albert.pooler.weight"), golden_.head.has_pooler());
  EXPECT_EQ(run(golden_).encoder.pooled.defined(), golden_.head.has_pooler());
}

INSTANTIATE_TEST_SUITE_P(Cases, TaskGoldenParity,
                         ::testing::Values("sequence", "multi_label", "regression", "token", "question_answering",
                                           "question_answering_padded", "question_answering_beam", "multiple_choice",
                                           "bert_sequence", "bert_question_answering"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST(TaskGoldenBeams, AreTheReferencesCandidates) {
  TaskGolden golden = load_task_golden("question_answering_beam");
  golden.model->eval();
  const at::NoGradGuard no_gradient;
  const TaskOutput output = golden.model->forward(
      golden.input, {}, {.p_mask = golden.packed("p_mask").to(at::kBool), .beams = BeamSize{.starts = 3, .ends = 2}});
  EXPECT_FALSE(output.end_logits.defined());
  ASSERT_TRUE(output.beams.has_value());
  EXPECT_TRUE(output.beams->starts.equal(golden.tensors.at("beams")));
  EXPECT_TRUE(output.beams->ends.equal(golden.tensors.at("end_beams")));
  expect_scores_near(output.beams->start_log_probs, golden.tensors.at("beam_log_probs"));
  expect_scores_near(output.beams->end_log_probs, golden.tensors.at("end_beam_log_probs"));
  EXPECT_LT(relative_error(output.no_answer_logits, golden.tensors.at("no_answer_logits")), kParity);
}

TEST(TaskGoldenSplits, MicroBatchesGiveTheGradientOfTheWholeBatch) {
  TaskGolden golden = load_task_golden("question_answering_padded");
  mean_loss(golden, run(golden)).backward();
  const auto whole = testing::gradients_of(*golden.model);
  testing::zero_gradients(*golden.model);
  const EncoderInput input = golden.input;
  const int64_t batch = input.sequence_offsets.size(0) - 1;
  for (const auto& [first, last] : {std::pair{0, 2}, std::pair{2, 5}}) {
    const EncoderInput part = testing::slice_sequences(input, first, last);
    const TaskOutput output = golden.model->forward(part);
    const SpanTargets targets{.starts = spans(golden).starts.slice(0, first, last),
                              .ends = spans(golden).ends.slice(0, first, last)};
    (span_loss_sum(output.logits, output.end_logits, targets, part.sequence_offsets) / batch).backward();
  }
  const auto split = testing::gradients_of(*golden.model);
  for (const auto& [name, reference] : whole) {
    if (!testing::is_zero_gradient(golden, name)) {
      EXPECT_LT(relative_error(split.at(name), reference), 5e-6) << name;
    }
  }
  EXPECT_LT(testing::whole_gradient_error(split, whole), 1e-6);
}

class LossGolden : public ::testing::Test {
 protected:
  const at::Tensor& tensor(const std::string& name) const { return tensors_.at(name); }
  at::Tensor scores() const { return tensor("scores").clone().requires_grad_(); }

  void expect_equal(const std::string& name, const at::Tensor& mean, const at::Tensor& scores) {
    mean.backward();
    EXPECT_LT(relative_error(mean, tensor(name + "/loss")), kTolerance) << name;
    EXPECT_LT(relative_error(scores.grad(), tensor(name + "/gradient")), kTolerance) << name;
  }
  void expect_class_loss(const std::string& name, const ClassLossOptions& options) {
    const at::Tensor scores = this->scores();
    const at::Tensor& targets = tensor("targets");
    const at::Tensor sum = class_loss_sum(scores, targets, options);
    expect_equal(name, options.class_weights.defined() ? sum / weight_of(targets, options.class_weights) : sum / num_scored(targets), scores);
  }

 private:
  static constexpr double kTolerance = 1e-6;
  std::map<std::string, at::Tensor> tensors_ = [] {
    const auto file = io::SafetensorsFile::open(testing::golden_folder() / "task_losses.safetensors");
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, array] : file.arrays()) tensors.emplace(name, tensor_view(array).clone());
    return tensors;
  }();
};

TEST_F(LossGolden, ClassWeightsAndLabelSmoothingAreThoseOfPyTorch) {
  expect_class_loss("plain", {});
  expect_class_loss("weighted", {.class_weights = tensor("class_weights")});
  expect_class_loss("smoothed", {.label_smoothing = 0.1});
  expect_class_loss("weighted_smoothed", {.class_weights = tensor("class_weights"), .label_smoothing = 0.3});
}

TEST_F(LossGolden, MultiLabelLossIsThatOfPyTorch) {
  at::Tensor scores = this->scores();
  const at::Tensor& presence = tensor("presence");
  expect_equal("binary", binary_cross_entropy_sum(scores, presence) / presence.numel(), scores);
  scores = this->scores();
  expect_equal("binary_weighted", binary_cross_entropy_sum(scores, presence, tensor("class_weights")) / presence.numel(), scores);
}

TEST_F(LossGolden, RegressionLossIsThatOfPyTorch) {
  const at::Tensor scores = this->scores();
  expect_equal("squared_error", squared_error_sum(scores, tensor("values")) / scores.numel(), scores);
}

}  // namespace
}  // namespace albert
