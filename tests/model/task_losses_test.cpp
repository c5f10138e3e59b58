#include <albert/base/error.h>
#include <albert/model/task_losses.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <vector>

namespace albert {
namespace {

const at::Tensor kLogits = at::tensor({2.0F, -1.0F, 0.5F, 0.0F, 1.0F, 3.0F}).view({2, 3});

TEST(ClassLoss, WithoutOptionsIsThePlainCrossEntropy) {
  const at::Tensor targets = at::tensor(std::vector<int64_t>{1, kIgnoredTarget}, at::kLong);
  EXPECT_TRUE(class_loss_sum(kLogits, targets).equal(cross_entropy_sum(kLogits, targets)));
}

TEST(ClassLoss, WeighsEachRowByItsClass) {
  const at::Tensor weights = at::tensor({1.0F, 10.0F, 100.0F});
  const at::Tensor log_probs = kLogits.log_softmax(1);
  const double expected = -10.0 * log_probs[0][1].item<double>() - 100.0 * log_probs[1][2].item<double>();
  const at::Tensor targets = at::tensor({1, 2}, at::kLong);
  EXPECT_NEAR(class_loss_sum(kLogits, targets, {.class_weights = weights}).item<double>(), expected, 1e-4);
}

TEST(ClassLoss, WithoutAScoredRowIsZeroWithZeroGradient) {
  const at::Tensor targets = at::full({2}, kIgnoredTarget, at::kLong);
  const at::Tensor logits = kLogits.clone().requires_grad_();
  const at::Tensor loss = class_loss_sum(logits, targets, {.class_weights = at::ones({3}), .label_smoothing = 0.2});
  loss.backward();
  EXPECT_EQ(loss.item<double>(), 0.0);
  EXPECT_EQ(logits.grad().abs().max().item<double>(), 0.0);
}

TEST(ClassLoss, OfBf16LogitsIsInSinglePrecision) {
  const at::Tensor targets = at::tensor({1, 2}, at::kLong);
  const ClassLossOptions options{.label_smoothing = 0.1};
  const at::Tensor loss = class_loss_sum(kLogits.to(at::kBFloat16), targets, options);  // these values are exact in bf16
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_TRUE(loss.equal(class_loss_sum(kLogits, targets, options)));
}

TEST(ClassLoss, RefusesWeightsOfAnotherNumberOfClasses) {
  const at::Tensor targets = at::tensor({1, 2}, at::kLong);
  EXPECT_THROW(static_cast<void>(class_loss_sum(kLogits, targets, {.class_weights = at::ones({2})})), InternalError);
  EXPECT_THROW(static_cast<void>(class_loss_sum(kLogits, targets, {.label_smoothing = 1.0})), InternalError);
}

TEST(TargetWeightSum, CountsEachTargetByTheWeightOfItsClass) {
  const std::vector<double> weights{1, 10, 100};
  EXPECT_EQ(target_weight_sum(std::vector<int64_t>{0, 1, 1}, weights), 110.0);
  EXPECT_EQ(target_weight_sum(std::vector<int64_t>{0, 0, 0}, weights), 0.0);
  EXPECT_THROW(static_cast<void>(target_weight_sum(std::vector<int64_t>{1}, weights)), InternalError);
}

TEST(SquaredError, IsSummedOverAllOutputs) {
  EXPECT_NEAR(squared_error_sum(kLogits, kLogits + 2.0).item<double>(), 24.0, 1e-5);
  EXPECT_THROW(static_cast<void>(squared_error_sum(kLogits, kLogits.flatten())), InternalError);
}

TEST(BinaryCrossEntropy, IsSummedOverAnyNumberOfLabels) {
  const at::Tensor one = at::tensor({0.3F}).view({1, 1});
  EXPECT_NEAR(binary_cross_entropy_sum(one, at::ones({1, 1})).item<double>(), std::log1p(std::exp(-0.3)), 1e-6);
  const double negatives = at::log1p(kLogits.exp()).sum().item<double>();
  EXPECT_NEAR(binary_cross_entropy_sum(kLogits, at::zeros({2, 3})).item<double>(), negatives, 1e-5);
  EXPECT_NEAR(binary_cross_entropy_sum(kLogits, at::zeros({2, 3}), at::full({3}, 50.0)).item<double>(), negatives, 1e-5);
}

TEST(BinaryCrossEntropy, OfLargeScoresIsFinite) {
  EXPECT_EQ(binary_cross_entropy_sum(at::full({1}, 1e4), at::zeros({1})).item<double>(), 1e4);
}

const at::Tensor kSequenceOffsets = at::tensor({0, 2, 5}, at::kLong);
const at::Tensor kStarts = at::tensor({0.0F, 1.0F, 2.0F, 0.0F, -1.0F});
const at::Tensor kEnds = at::tensor({3.0F, 1.0F, 0.5F, 0.0F, 4.0F});

double loss_in(const at::Tensor& scores, int64_t first, int64_t last, int64_t target) {
  return -scores.slice(0, first, last).log_softmax(0)[target].item<double>();
}

TEST(SpanLoss, IsHalfTheSumOfStartsAndEnds) {
  const SpanTargets targets{.starts = at::tensor({0, 1}, at::kLong), .ends = at::tensor({1, 2}, at::kLong)};
  const double starts = loss_in(kStarts, 0, 2, 0) + loss_in(kStarts, 2, 5, 1);
  const double ends = loss_in(kEnds, 0, 2, 1) + loss_in(kEnds, 2, 5, 2);
  EXPECT_NEAR(span_loss_sum(kStarts, kEnds, targets, kSequenceOffsets).item<double>(), (starts + ends) / 2.0, 1e-5);
}

TEST(SpanLoss, LeavesOutSequencesWithoutTargets) {
  const SpanTargets targets{.starts = at::tensor(std::vector<int64_t>{kIgnoredTarget, 1}, at::kLong),
                            .ends = at::tensor(std::vector<int64_t>{kIgnoredTarget, 2}, at::kLong)};
  const double expected = (loss_in(kStarts, 2, 5, 1) + loss_in(kEnds, 2, 5, 2)) / 2.0;
  EXPECT_NEAR(span_loss_sum(kStarts, kEnds, targets, kSequenceOffsets).item<double>(), expected, 1e-5);
}

TEST(BeamSpanLoss, AddsHalfTheAnswerability) {
  const SpanTargets targets{
      .starts = at::tensor({0, 1}, at::kLong), .ends = at::tensor({1, 2}, at::kLong), .unanswerable = at::tensor({0.0F, 1.0F})};
  const at::Tensor no_answer = at::tensor({0.7F, -0.2F});
  const double answerability = std::log1p(std::exp(0.7)) + std::log1p(std::exp(0.2));
  EXPECT_NEAR(beam_span_loss_sum(kStarts, kEnds, no_answer, targets, kSequenceOffsets).item<double>(),
              span_loss_sum(kStarts, kEnds, targets, kSequenceOffsets).item<double>() + 0.5 * answerability, 1e-5);
}

TEST(ChoiceLoss, TakesQuestionsOfDifferentNumbersOfChoices) {
  const at::Tensor targets = at::tensor({1, 0}, at::kLong);
  const double expected = loss_in(kStarts, 0, 2, 1) + loss_in(kStarts, 2, 5, 0);
  EXPECT_NEAR(choice_loss_sum(kStarts, targets, kSequenceOffsets).item<double>(), expected, 1e-5);
  EXPECT_EQ(count_correct_choices(kStarts, targets, kSequenceOffsets).item<int64_t>(), 2);
  EXPECT_EQ(count_correct_choices(kStarts, at::tensor({0, 0}, at::kLong), kSequenceOffsets).item<int64_t>(), 1);
}

TEST(TaskLosses, OfTwoPartsAddUpToThatOfTheWhole) {
  const at::Tensor targets = at::tensor({2, 0}, at::kLong);
  const ClassLossOptions options{.class_weights = at::tensor({0.5F, 1.0F, 2.0F}), .label_smoothing = 0.1};
  const double whole = class_loss_sum(kLogits, targets, options).item<double>();
  double parts = 0.0;
  for (int64_t i = 0; i < 2; ++i) {
    parts += class_loss_sum(kLogits.slice(0, i, i + 1), targets.slice(0, i, i + 1), options).item<double>();
  }
  EXPECT_NEAR(parts, whole, 1e-5);
}

}  // namespace
}  // namespace albert
