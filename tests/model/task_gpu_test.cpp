// Task heads on a CUDA device; skipped without one.
#include "task_golden.h"

#include <albert/model/device.h>
#include <albert/model/task_losses.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

class TaskHeadsOnGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!device_.is_cuda()) GTEST_SKIP() << "no CUDA device";
    config_.classifier_dropout_prob = 0.0;
    on_gpu_ = input_;
    for (at::Tensor* tensor : {&on_gpu_.ids, &on_gpu_.segments, &on_gpu_.positions}) *tensor = tensor->to(device_);
  }

  at::Device device_ = resolve_device("auto");
  AlbertConfig config_ = testing::tiny_config();
  EncoderInput input_ = testing::random_input(config_, {31, 1, 17, 31, 20}, 2);  // 100 tokens
  EncoderInput on_gpu_;
};

TEST_F(TaskHeadsOnGpu, TheBeamHeadEqualsTheCpu) {
  auto on_cpu = testing::random_task_model(config_, {.head = TaskHead::question_answering_beam}, 1);
  auto on_gpu = testing::random_task_model(config_, {.head = TaskHead::question_answering_beam}, 1);
  on_gpu->to(device_);
  const SpanInput span{.p_mask = at::arange(100).remainder(5).eq(3),
                       .starts = at::tensor({4, 0, 2, 7, 1}, at::kLong),
                       .beams = BeamSize{.starts = 3, .ends = 2}};
  const SpanInput span_on_gpu{.p_mask = span.p_mask.to(device_), .starts = span.starts.to(device_), .beams = span.beams};
  const SpanTargets targets{
      .starts = span.starts, .ends = span.starts, .unanswerable = at::arange(5).remainder(2).to(at::kFloat)};
  const SpanTargets targets_on_gpu{
      .starts = span_on_gpu.starts, .ends = span_on_gpu.starts, .unanswerable = targets.unanswerable.to(device_)};
  const TaskOutput expected = on_cpu->forward(input_, {}, span);
  const TaskOutput actual = on_gpu->forward(on_gpu_, {}, span_on_gpu);
  EXPECT_TRUE(actual.beams->starts.cpu().equal(expected.beams->starts));
  EXPECT_TRUE(actual.beams->ends.cpu().equal(expected.beams->ends));
  const auto loss = [&](const TaskOutput& output, const SpanTargets& of) {
    return beam_span_loss_sum(output.logits, output.end_logits, output.no_answer_logits, of, input_.sequence_offsets);
  };
  loss(expected, targets).backward();
  loss(actual, targets_on_gpu).backward();
  auto gradients = testing::gradients_of(*on_gpu);
  for (auto& item : gradients) item.second = item.second.cpu();
  EXPECT_LT(testing::whole_gradient_error(gradients, testing::gradients_of(*on_cpu)), 1e-5);
}

TEST_F(TaskHeadsOnGpu, LossesEqualTheCpu) {
  auto model = testing::random_task_model(config_, {.head = TaskHead::sequence, .num_labels = 3}, 1);
  const at::Tensor logits = model->forward(input_).logits.detach();
  const at::Tensor targets = at::tensor({0, 2, -100, 1, 1}, at::kLong);
  const at::Tensor weights = at::tensor({0.5F, 2.0F, 1.0F});
  const double expected = class_loss_sum(logits, targets, {.class_weights = weights, .label_smoothing = 0.1}).item<double>();
  const at::Tensor actual =
      class_loss_sum(logits.to(device_), targets.to(device_), {.class_weights = weights.to(device_), .label_smoothing = 0.1});
  EXPECT_NEAR(actual.item<double>(), expected, 1e-5);
  const at::Tensor choices = at::tensor({0, 2, 5}, at::kLong);
  const at::Tensor scores = logits.select(1, 0).contiguous();
  const at::Tensor right = at::tensor({1, 2}, at::kLong);
  EXPECT_NEAR(choice_loss_sum(scores.to(device_), right.to(device_), choices).item<double>(),
              choice_loss_sum(scores, right, choices).item<double>(), 1e-5);
}

}  // namespace
}  // namespace albert
