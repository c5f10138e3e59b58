// bf16 with fp32 master parameters: close to fp32, and better than sums in bf16 where parameters are shared.
#include "golden.h"

#include <albert/model/layers.h>
#include <albert/model/losses.h>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace albert {
namespace {

using testing::random_input;
using testing::random_model;
using testing::relative_error;

// One rounding to bf16 has a relative error of 2^-9 = 0.2 % at most; a few applications add up to this.
constexpr double kOutputBound = 0.02;
constexpr double kGradientBound = 0.03;

AlbertConfig wide_config() {
  AlbertConfig config = testing::tiny_config();
  config.hidden_size = 64;
  config.intermediate_size = 256;
  config.num_hidden_layers = 6;
  return config;
}

const at::Tensor kMaskedPositions = at::arange(0, 60, 3);
const at::Tensor kMaskedTargets = at::arange(20).remainder(40) + 1;
const at::Tensor kOrderLabels = at::tensor({0, 1, 1, 0}, at::kLong);

std::map<std::string, at::Tensor> gradients(PretrainingModel& model) {
  testing::zero_gradients(*model);
  const auto output = model->forward(random_input(model->config(), {31, 17, 31, 20}, 3), kMaskedPositions);
  testing::backward_mean_losses(output, kMaskedTargets, kOrderLabels);
  return testing::gradients_of(*model);
}

class HalfPrecision : public ::testing::TestWithParam<Precision> {};
INSTANTIATE_TEST_SUITE_P(, HalfPrecision, ::testing::Values(Precision::bf16, Precision::fp16),
                         [](const auto& precision) { return std::string(name_of(precision.param)); });

TEST_P(HalfPrecision, OutputsAreCloseToSinglePrecision) {
  auto model = random_model(wide_config(), 1);
  const EncoderInput input = random_input(wide_config(), {31, 17, 31, 20}, 3);
  const PretrainingOutput single = model->forward(input, kMaskedPositions);
  model->set_precision(GetParam());
  const PretrainingOutput half = model->forward(input, kMaskedPositions);
  EXPECT_EQ(half.mlm_logits.scalar_type(), compute_type(GetParam()));
  EXPECT_LT(relative_error(half.encoder.last_hidden, single.encoder.last_hidden), kOutputBound);
  EXPECT_LT(relative_error(half.mlm_logits, single.mlm_logits), kOutputBound);
  EXPECT_LT(relative_error(half.encoder.pooled, single.encoder.pooled), 2 * kOutputBound);
}

TEST_P(HalfPrecision, GradientsAreSinglePrecisionAndClose) {
  auto model = random_model(wide_config(), 1);
  const auto single = gradients(model);
  model->set_precision(GetParam());
  const auto half = gradients(model);
  for (const auto& [name, gradient] : half) EXPECT_EQ(gradient.scalar_type(), at::kFloat) << name;
  EXPECT_LT(testing::whole_gradient_error(half, single), kGradientBound);
}

TEST(MixedPrecision, CopiesFollowAChangeOfThePrecision) {
  auto model = random_model(wide_config(), 1);
  const EncoderInput input = random_input(wide_config(), {9}, 3);
  const auto logits = [&](Precision precision) {
    model->set_precision(precision);
    return model->forward(input, kMaskedPositions.slice(0, 0, 2)).mlm_logits;
  };
  const at::Tensor first = logits(Precision::bf16);
  EXPECT_EQ(logits(Precision::fp16).scalar_type(), at::kHalf);
  EXPECT_TRUE(logits(Precision::bf16).equal(first));
}

TEST(MixedPrecision, UsesNewWeightsOnceItIsToldOfThem) {
  auto model = random_model(wide_config(), 1);
  model->set_precision(Precision::bf16);
  const EncoderInput input = random_input(wide_config(), {9}, 3);
  const at::Tensor before = model->forward(input, kMaskedPositions.slice(0, 0, 2)).mlm_logits;
  {
    const at::NoGradGuard no_gradient;
    for (const auto& item : parameters_by_name(*model)) item.second.mul_(1.5);
  }
  model->parameters_changed();
  const at::Tensor after = model->forward(input, kMaskedPositions.slice(0, 0, 2)).mlm_logits;
  auto fresh = random_model(wide_config(), 1);
  {
    const at::NoGradGuard no_gradient;
    for (const auto& item : parameters_by_name(*fresh)) item.second.mul_(1.5);
  }
  fresh->set_precision(Precision::bf16);
  EXPECT_TRUE(after.equal(fresh->forward(input, kMaskedPositions.slice(0, 0, 2)).mlm_logits));
  EXPECT_FALSE(after.equal(before));
}

/// Error, against fp64, of the gradient of a matrix that multiplies `applications` inputs.
struct SharedGradientErrors {
  double ours;
  double summed_in_bf16;
};

SharedGradientErrors shared_gradient_errors() {
  at::manual_seed(5);
  constexpr int64_t kApplications = 12;
  constexpr int64_t kTokens = 256;
  constexpr int64_t kWidth = 64;
  Linear layer(kWidth, kWidth);
  at::Tensor exact = at::zeros({kWidth, kWidth}, at::kDouble);
  at::Tensor in_bf16 = at::zeros({kWidth, kWidth}, at::kBFloat16);
  at::Tensor loss = at::zeros({});
  for (int64_t i = 0; i < kApplications; ++i) {
    const at::Tensor x = at::randn({kTokens, kWidth}).to(at::kBFloat16);
    const at::Tensor direction = (at::randn({kTokens, kWidth}) + 0.3 * x).to(at::kBFloat16);
    loss = loss + (layer(x).to(at::kFloat) * direction).sum();
    exact += direction.to(at::kDouble).t().mm(x.to(at::kDouble));
    in_bf16 += direction.t().mm(x);  // what autocast does: the cast weight's gradient is summed before it is cast back
  }
  loss.backward();
  return {relative_error(layer->weight.grad(), exact), relative_error(in_bf16, exact)};
}

TEST(MixedPrecision, SumsTheGradientOfASharedWeightBetterThanAutocast) {
  const SharedGradientErrors errors = shared_gradient_errors();
  EXPECT_LT(errors.ours, 0.7 * errors.summed_in_bf16);
  EXPECT_LT(errors.ours, 2.5e-3);
}

TEST(MixedPrecision, LayerNormKeepsSinglePrecisionStatistics) {
  at::manual_seed(6);
  LayerNorm norm(64, 1e-12);
  const at::Tensor x = (at::randn({5, 64}) + 100.0).to(at::kBFloat16);  // bf16 statistics would lose the deviation
  const at::Tensor expected = at::layer_norm(x.to(at::kDouble), {64}, {}, {}, 1e-12);
  EXPECT_LT(relative_error(norm(x), expected), 4e-3);
}

}  // namespace
}  // namespace albert
