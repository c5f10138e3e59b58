#include <albert/base/error.h>
#include <albert/model/attention.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace albert {
namespace {

const at::Device kCpu(at::kCPU);

at::Tensor offsets_of(const std::vector<int64_t>& lengths) {
  return at::cat({at::zeros({1}, at::kLong), at::tensor(lengths, at::kLong).cumsum(0)});
}

/// The formula, one sequence and head at a time, in fp64.
at::Tensor reference_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                               const std::vector<int64_t>& lengths) {
  std::vector<at::Tensor> rows;
  const int64_t size = q.size(1) / heads;
  int64_t first = 0;
  for (const int64_t length : lengths) {
    std::vector<at::Tensor> columns;
    for (int64_t head = 0; head < heads; ++head) {
      const auto part = [&](const at::Tensor& x) {
        return x.narrow(0, first, length).narrow(1, head * size, size).to(at::kDouble);
      };
      const at::Tensor weights = at::softmax(part(q).mm(part(k).t()) / std::sqrt(static_cast<double>(size)), 1);
      columns.push_back(weights.mm(part(v)));
    }
    rows.push_back(at::cat(columns, 1));
    first += length;
  }
  return at::cat(rows);
}

class AttentionOfLengths : public ::testing::TestWithParam<std::vector<int64_t>> {};

TEST_P(AttentionOfLengths, EqualsTheFormulaForwardAndBackward) {
  at::manual_seed(3);
  const int64_t heads = 2;
  const int64_t tokens = at::tensor(GetParam(), at::kLong).sum().item<int64_t>();
  std::vector<at::Tensor> ours;
  std::vector<at::Tensor> theirs;
  for (int i = 0; i < 3; ++i) {
    const at::Tensor x = at::randn({tokens, 16}, at::kDouble);
    ours.push_back(x.clone().requires_grad_());
    theirs.push_back(x.clone().requires_grad_());
  }
  const SequenceLayout layout(offsets_of(GetParam()), kCpu);
  Dropout dropout;
  const at::Tensor output = self_attention(ours[0], ours[1], ours[2], heads, layout, dropout, 0.0);
  const at::Tensor expected = reference_attention(theirs[0], theirs[1], theirs[2], heads, GetParam());
  EXPECT_TRUE(output.allclose(expected, 1e-10, 1e-12));
  const at::Tensor direction = at::randn({tokens, 16}, at::kDouble);
  output.backward(direction);
  expected.backward(direction);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(ours[i].grad().allclose(theirs[i].grad(), 1e-9, 1e-11)) << "operand " << i;
}

INSTANTIATE_TEST_SUITE_P(Lengths, AttentionOfLengths,
                         ::testing::Values(std::vector<int64_t>{1}, std::vector<int64_t>{5, 5, 5}, std::vector<int64_t>{1, 1, 1},
                                           std::vector<int64_t>{3, 90, 41, 7, 88, 1}, std::vector<int64_t>{300, 260, 2}));

TEST(SequenceLayout, DoesNotCopyEqualLengths) {
  const SequenceLayout layout(offsets_of({4, 4}), kCpu);
  const at::Tensor x = at::randn({8, 2});
  EXPECT_TRUE(layout.pad(x).is_same(x));
  EXPECT_TRUE(layout.unpad(x).is_same(x));
  ASSERT_EQ(layout.buckets().size(), 1U);
  EXPECT_FALSE(layout.buckets().front().key_mask.defined());
}

TEST(SequenceLayout, KeepsPaddingUnderAThirdOfTheRowsOfLongSequences) {
  std::vector<int64_t> lengths;
  for (int64_t length = 512; length >= 64; length -= 7) lengths.push_back(length);
  const SequenceLayout layout(offsets_of(lengths), kCpu);
  const at::Tensor x = at::arange(layout.num_tokens()).unsqueeze(1).to(at::kDouble);
  const at::Tensor padded = layout.pad(x);
  EXPECT_LT(padded.size(0), layout.num_tokens() * 4 / 3);
  EXPECT_TRUE(layout.unpad(padded).equal(x));
}

TEST(RoundedUp, HasEightSizesInAnOctaveAndStepsOf64) {
  const std::vector<std::pair<int64_t, int64_t>> expected{{0, 0},   {1, 1},   {13, 13},   {15, 15},   {16, 16},     {17, 18},    {37, 40},
                                                         {64, 64}, {65, 72}, {500, 512}, {513, 576}, {2000, 2048}, {5001, 5056}};
  for (const auto& [n, rounded] : expected) EXPECT_EQ(rounded_up(n), rounded) << n;
}

TEST(SequenceLayout, RoundsShapesUpWithoutAnEffectOnTokens) {
  for (const auto& lengths : {std::vector<int64_t>{3, 90, 41, 7, 88, 1}, std::vector<int64_t>{67, 67}, std::vector<int64_t>{1}}) {
    at::manual_seed(3);
    const int64_t tokens = at::tensor(lengths, at::kLong).sum().item<int64_t>();
    const SequenceLayout exact(offsets_of(lengths), kCpu);
    const SequenceLayout rounded(offsets_of(lengths), kCpu, true);
    EXPECT_EQ(exact.num_rows(), tokens);
    EXPECT_EQ(rounded.num_rows(), rounded_up(tokens));
    for (const auto& bucket : rounded.buckets()) EXPECT_TRUE(bucket.length == rounded_up(bucket.length) || rounded.buckets().size() == 1);
    const at::Tensor x = at::randn({tokens, 16}, at::kDouble);
    const at::Tensor direction = at::randn({tokens, 16}, at::kDouble);
    std::vector<at::Tensor> outputs, gradients;
    for (const auto* layout : {&exact, &rounded}) {
      const at::Tensor input = x.clone().requires_grad_();
      const at::Tensor rows = layout->extend(input);
      rows.retain_grad();
      Dropout dropout;
      const at::Tensor result = self_attention(rows, rows * 2, rows.sin(), 2, *layout, dropout, 0.0);
      EXPECT_EQ(result.size(0), layout->num_rows());
      outputs.push_back(layout->shorten(result));
      outputs.back().backward(direction);
      gradients.push_back(input.grad());
      EXPECT_EQ(rows.grad().narrow(0, tokens, layout->num_rows() - tokens).abs().sum().item<double>(), 0.0);
    }
    EXPECT_TRUE(outputs[1].allclose(outputs[0], 1e-12, 1e-13));
    EXPECT_TRUE(gradients[1].allclose(gradients[0], 1e-11, 1e-12));
  }
}

TEST(SequenceLayout, RefusesEmptySequencesAndBadOffsets) {
  EXPECT_THROW(SequenceLayout(offsets_of({3, 0, 2}), kCpu), InternalError);
  EXPECT_THROW(SequenceLayout(at::tensor({int64_t{0}}, at::kLong), kCpu), InternalError);
  EXPECT_THROW(SequenceLayout(at::tensor({int64_t{1}, int64_t{4}}, at::kLong), kCpu), InternalError);
  EXPECT_THROW(SequenceLayout(at::tensor({0.0F, 4.0F}), kCpu), InternalError);
}

TEST(Attention, KernelsAgreeWithAndWithoutMask) {
  at::manual_seed(4);
  const AttentionOperands operands{at::randn({2, 3, 9, 8}), at::randn({2, 3, 9, 8}), at::randn({2, 3, 9, 8})};
  const at::Tensor mask = at::arange(9).lt(at::tensor({9, 4}, at::kLong).unsqueeze(1)).view({2, 1, 1, 9});
  Dropout dropout;
  for (const at::Tensor& key_mask : {at::Tensor(), mask}) {
    const at::Tensor plain = plain_attention(operands, key_mask, dropout, 0.0);
    EXPECT_TRUE(fused_attention(operands, key_mask).allclose(plain, 1e-5, 1e-6));
  }
}

TEST(Attention, DropsWeightsFromItsOwnStream) {
  at::manual_seed(4);
  const at::Tensor x = at::randn({12, 16});
  const SequenceLayout layout(offsets_of({7, 5}), kCpu);
  Dropout dropout;
  dropout.set_seed(9);
  const at::Tensor first = self_attention(x, x, x, 2, layout, dropout, 0.4);
  const at::Tensor second = self_attention(x, x, x, 2, layout, dropout, 0.4);
  dropout.set_seed(9);
  EXPECT_TRUE(self_attention(x, x, x, 2, layout, dropout, 0.4).equal(first));
  EXPECT_FALSE(second.equal(first));
}

}  // namespace
}  // namespace albert
