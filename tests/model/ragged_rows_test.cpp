#include <albert/base/error.h>
#include <albert/model/losses.h>
#include <albert/model/ragged_rows.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

namespace albert {
namespace {

const at::Device kCpu(at::kCPU);
const at::Tensor kOffsets = at::tensor({0, 3, 4, 6}, at::kLong);
const at::Tensor kValues = at::tensor({1.0F, -2.0F, 0.5F, 7.0F, 3.0F, 3.5F});

TEST(RaggedRows, SayWhereRowsLie) {
  const RaggedRows rows(kOffsets, kCpu);
  EXPECT_EQ(rows.num_rows(), 3);
  EXPECT_EQ(rows.num_values(), 6);
  EXPECT_EQ(rows.width(), 3);
  EXPECT_TRUE(rows.first().equal(at::tensor({0, 3, 4}, at::kLong)));
  EXPECT_TRUE(rows.lengths().equal(at::tensor({3, 1, 2}, at::kLong)));
  EXPECT_TRUE(rows.row_of_value().equal(at::tensor({0, 0, 0, 1, 2, 2}, at::kLong)));
  EXPECT_TRUE(rows.index_of(at::tensor({2, -100, 1}, at::kLong)).equal(at::tensor({2, 3, 5}, at::kLong)));
}

TEST(RaggedRows, PadAndUnpadAreInverse) {
  const RaggedRows rows(kOffsets, kCpu, /*min_width=*/4);
  const at::Tensor padded = rows.pad(kValues, -9.0);
  EXPECT_TRUE(
      padded.equal(at::tensor({1.0F, -2.0F, 0.5F, -9.0F, 7.0F, -9.0F, -9.0F, -9.0F, 3.0F, 3.5F, -9.0F, -9.0F}).view({3, 4})));
  EXPECT_TRUE(rows.unpad(padded).equal(kValues));
}

TEST(RaggedRows, OfOneLengthAreNotCopied) {
  const RaggedRows rows(at::tensor({0, 3, 6}, at::kLong), kCpu);
  const at::Tensor padded = rows.pad(kValues, -9.0);
  EXPECT_EQ(padded.const_data_ptr(), kValues.const_data_ptr());
  EXPECT_TRUE(rows.unpad(padded).equal(kValues));
}

TEST(RaggedRows, RefuseOffsetsThatAreNone) {
  EXPECT_THROW(RaggedRows(at::tensor({1, 2}, at::kLong), kCpu), InternalError);
  EXPECT_THROW(RaggedRows(at::tensor({0, 2, 2}, at::kLong), kCpu), InternalError);
  EXPECT_THROW(RaggedRows(at::tensor({0}, at::kLong), kCpu), InternalError);
}

TEST(RaggedSoftmax, IsOverTheOwnRowOnly) {
  const at::Tensor probabilities = ragged_log_softmax(kValues, RaggedRows(kOffsets, kCpu)).exp();
  for (int64_t row = 0; row < 3; ++row) {
    const at::Tensor own = kValues.slice(0, kOffsets[row].item<int64_t>(), kOffsets[row + 1].item<int64_t>());
    const at::Tensor actual = probabilities.slice(0, kOffsets[row].item<int64_t>(), kOffsets[row + 1].item<int64_t>());
    EXPECT_TRUE(actual.allclose(own.softmax(0))) << row;
  }
}

TEST(RaggedCrossEntropy, SumsTheScoredRowsAndHasTheirGradient) {
  const at::Tensor values = kValues.clone().requires_grad_();
  const at::Tensor targets = at::tensor(std::vector<int64_t>{2, 0, kIgnoredTarget}, at::kLong);
  const at::Tensor loss = ragged_cross_entropy_sum(values, targets, RaggedRows(kOffsets, kCpu));
  loss.backward();
  const at::Tensor first = kValues.slice(0, 0, 3);
  EXPECT_NEAR(loss.item<double>(), -first.log_softmax(0)[2].item<double>(), 1e-6);
  const at::Tensor expected = at::cat({first.softmax(0) - at::tensor({0.0F, 0.0F, 1.0F}), at::zeros({3})});
  EXPECT_TRUE(values.grad().allclose(expected, 1e-5, 1e-7));
}

TEST(RaggedCrossEntropy, OfBf16ValuesIsInSinglePrecision) {
  const RaggedRows rows(kOffsets, kCpu);
  const at::Tensor targets = at::tensor({2, 0, 1}, at::kLong);
  const at::Tensor loss = ragged_cross_entropy_sum(kValues.to(at::kBFloat16), targets, rows);  // these values are exact in bf16
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_TRUE(loss.equal(ragged_cross_entropy_sum(kValues, targets, rows)));
}

TEST(RaggedCrossEntropy, RefusesATargetOfAnotherRow) {
  const RaggedRows rows(kOffsets, kCpu);
  EXPECT_THROW(static_cast<void>(ragged_cross_entropy_sum(kValues, at::tensor({0, 1, 0}, at::kLong), rows)), InternalError);
  EXPECT_THROW(static_cast<void>(ragged_cross_entropy_sum(kValues, at::tensor({0, -1, 0}, at::kLong), rows)), InternalError);
  EXPECT_THROW(static_cast<void>(ragged_cross_entropy_sum(kValues.slice(0, 1), at::tensor({0, 0, 0}, at::kLong), rows)),
               InternalError);
}

TEST(RaggedCountCorrect, LooksForTheLargestValueOfEachRow) {
  const RaggedRows rows(kOffsets, kCpu);
  EXPECT_EQ(ragged_count_correct(kValues, at::tensor({0, 0, 1}, at::kLong), rows).item<int64_t>(), 3);
  EXPECT_EQ(
      ragged_count_correct(kValues, at::tensor(std::vector<int64_t>{1, kIgnoredTarget, 1}, at::kLong), rows).item<int64_t>(), 1);
}

}  // namespace
}  // namespace albert
