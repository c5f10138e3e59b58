#include <albert/model/losses.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

TEST(CrossEntropySum, EqualsTheLibrarysValueAndGradient) {
  at::manual_seed(1);
  const at::Tensor logits = at::randn({7, 11}, at::kDouble).requires_grad_();
  const at::Tensor targets = at::tensor({1, 2, -100, 10, 0, -100, 3}, at::kLong);
  const at::Tensor loss = cross_entropy_sum(logits, targets);
  (3.0 * loss).backward();
  const at::Tensor gradient = logits.grad().clone();
  logits.mutable_grad().reset();
  const at::Tensor expected = at::cross_entropy_loss(logits, targets, {}, at::Reduction::Sum, kIgnoredTarget);
  (3.0 * expected).backward();
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-12);
  EXPECT_TRUE(gradient.allclose(logits.grad(), 1e-12, 1e-14));
}

TEST(CrossEntropySum, EqualsTheLibrarysAcrossBlocksOfRows) {
  at::manual_seed(1);
  const at::Tensor logits = at::randn({1200, 30000}).requires_grad_();  // 36 M elements: three blocks
  const at::Tensor targets = at::randint(0, 30000, {1200}, at::kLong);
  const at::Tensor loss = cross_entropy_sum(logits, targets);
  loss.backward();
  const at::Tensor gradient = logits.grad().clone();
  const at::Tensor expected = at::log_softmax(logits.detach(), 1);
  EXPECT_NEAR(loss.item<double>(), -expected.gather(1, targets.unsqueeze(1)).sum(at::kDouble).item<double>(),
              1e-5 * loss.item<double>());
  const at::Tensor share = expected.exp().scatter_add(1, targets.unsqueeze(1), at::full({1200, 1}, -1.0F));
  EXPECT_LT((gradient - share).abs().max().item<double>(), 1e-6);
}

TEST(CrossEntropySum, OfNoTargetsIsZeroWithZeroGradient) {
  for (const int64_t rows : {0, 3}) {
    const at::Tensor logits = at::randn({rows, 5}).requires_grad_();
    const at::Tensor loss = cross_entropy_sum(logits, at::full({rows}, kIgnoredTarget, at::kLong));
    loss.backward();
    EXPECT_EQ(loss.item<double>(), 0.0);
    EXPECT_EQ(logits.grad().abs().sum().item<double>(), 0.0);
  }
}

TEST(CrossEntropySum, StaysFiniteForExtremeLogits) {
  const at::Tensor logits = at::tensor({1e4F, -1e4F, 0.0F}).unsqueeze(0).requires_grad_();
  const at::Tensor loss = cross_entropy_sum(logits, at::tensor({1}, at::kLong));
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), 2e4, 1.0);
  EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
}

TEST(CrossEntropySum, SumsBfloat16LogitsInSinglePrecision) {
  at::manual_seed(1);
  const at::Tensor logits = at::randn({4000, 64}).to(at::kBFloat16);
  const at::Tensor targets = at::randint(0, 64, {4000}, at::kLong);
  const at::Tensor loss = cross_entropy_sum(logits, targets);
  const at::Tensor expected = cross_entropy_sum(logits.to(at::kDouble), targets);
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_NEAR(loss.item<double>() / expected.item<double>(), 1.0, 1e-6);
}

TEST(CountCorrect, CountsScoredRowsOnly) {
  const at::Tensor logits = at::eye(4);
  EXPECT_EQ(count_correct(logits, at::tensor({0, 2, -100, 3}, at::kLong)).item<int64_t>(), 2);
  EXPECT_EQ(count_correct(at::zeros({0, 4}), at::zeros({0}, at::kLong)).item<int64_t>(), 0);
}

}  // namespace
}  // namespace albert
