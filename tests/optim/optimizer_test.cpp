#include "sample_parameters.h"

#include <albert/base/error.h>
#include <albert/optim/adamw.h>

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void expect_refused(std::vector<OptimizedParameter> parameters, const std::string& text) {
  EXPECT_THAT([&] { const AdamW optimizer(std::move(parameters), {}); }, ThrowsMessage<InternalError>(HasSubstr(text)));
}

TEST(Optimizer, ParametersAndGradientsBecomeViewsOfTheFlatBuffers) {
  const at::Tensor a = sample_leaf({5, 7}, 1);
  const at::Tensor b = sample_leaf({3}, 2);
  const at::Tensor a_before = a.detach().clone();
  const at::Tensor b_before = b.detach().clone();
  const AdamW optimizer({{.name = "a", .tensor = a}, {.name = "b", .tensor = b}}, {});
  EXPECT_TRUE(a.equal(a_before));
  EXPECT_TRUE(b.equal(b_before));
  EXPECT_THAT(optimizer.offsets(), ElementsAre(0, 64));
  EXPECT_EQ(optimizer.flat_parameters().numel(), 128);
  EXPECT_EQ(a.data_ptr(), optimizer.flat_parameters().data_ptr());
  EXPECT_EQ(b.data_ptr<float>(), optimizer.flat_parameters().data_ptr<float>() + 64);
  EXPECT_EQ(b.grad().data_ptr<float>(), optimizer.flat_gradients().data_ptr<float>() + 64);
  EXPECT_TRUE(a.is_leaf() && a.requires_grad());
}

TEST(Optimizer, BackwardAccumulatesIntoTheFlatBufferInPlace) {
  const at::Tensor a = sample_leaf({4}, 1);
  AdamW optimizer({{.name = "a", .tensor = a}}, {});
  const void* const place = a.grad().data_ptr();
  (a * a).sum().backward();
  (a * a).sum().backward();
  EXPECT_EQ(a.grad().data_ptr(), place);
  EXPECT_TRUE(optimizer.flat_gradients().narrow(0, 0, 4).equal(4 * a.detach()));
  optimizer.zero_gradients();
  EXPECT_EQ(a.grad().abs().sum().item<float>(), 0.0F);
  EXPECT_EQ(a.grad().data_ptr(), place);
}

TEST(Optimizer, KeepsGradientsThatWereThereBefore) {
  const at::Tensor a = sample_leaf({4}, 1);
  (3 * a).sum().backward();
  const AdamW optimizer({{.name = "a", .tensor = a}}, {});
  EXPECT_TRUE(a.grad().equal(at::full({4}, 3.0)));
}

TEST(Optimizer, RefusesATensorThatIsListedTwice) {
  const at::Tensor a = sample_leaf({4}, 1);
  expect_refused({{.name = "decoder", .tensor = a}, {.name = "embeddings", .tensor = a}},
                 "decoder and embeddings share one storage");
  const at::Tensor alias = a.detach().narrow(0, 2, 2).requires_grad_();
  expect_refused({{.name = "a", .tensor = a}, {.name = "alias", .tensor = alias}}, "a and alias share one storage");
  expect_refused({{.name = "a", .tensor = a}, {.name = "a", .tensor = sample_leaf({4}, 2)}}, "two parameters are named a");
}

TEST(Optimizer, RefusesWhatIsNotAnFp32Leaf) {
  expect_refused({}, "no parameters");
  expect_refused({{.name = "a", .tensor = {}}}, "a is not an fp32 leaf");
  expect_refused({{.name = "a", .tensor = at::ones({2})}}, "a is not an fp32 leaf");
  expect_refused({{.name = "a", .tensor = at::ones({2}, at::kDouble).requires_grad_()}}, "a is not an fp32 leaf");
  expect_refused({{.name = "a", .tensor = sample_leaf({2}, 1) * 2}}, "a is not an fp32 leaf");
  expect_refused(
      {{.name = "a", .tensor = sample_leaf({2}, 1)}, {.name = "b", .tensor = at::ones({2}, at::kMeta).requires_grad_()}},
      "b is on meta, a on cpu");
}

TEST(Optimizer, ThePaddingStaysZero) {
  AdamW optimizer(sample_parameters(), {});
  for (uint64_t step = 0; step < 3; ++step) {
    fill_gradients(optimizer, step);
    optimizer.step(0.1);
  }
  at::Tensor rest = optimizer.flat_parameters().clone();
  for (size_t i = 0; i < optimizer.parameters().size(); ++i) {
    rest.narrow(0, optimizer.offsets()[i], optimizer.parameters()[i].tensor.numel()).zero_();
  }
  EXPECT_EQ(rest.abs().sum().item<float>(), 0.0F);
}

std::vector<std::pair<std::string, at::Tensor>> copied_state(const Optimizer& optimizer) {
  auto state = optimizer.state();
  for (auto& [name, tensor] : state) tensor = tensor.clone();
  return state;
}

TEST(Optimizer, ARestoredOptimizerGoesOnBitForBit) {
  const MomentOptions options{.bias_correction = true};
  AdamW first(sample_parameters(), options);
  AdamW second(sample_parameters(), options);
  for (uint64_t step = 0; step < 3; ++step) {
    fill_gradients(first, step);
    first.step(0.1);
  }
  second.load_state(copied_state(first));
  {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < first.parameters().size(); ++i) second.parameters()[i].tensor.copy_(first.parameters()[i].tensor);
  }
  EXPECT_EQ(second.step_count(), 3);
  fill_gradients(first, 9);
  fill_gradients(second, 9);
  first.step(0.1);
  second.step(0.1);
  EXPECT_TRUE(first.flat_parameters().equal(second.flat_parameters()));
}

TEST(Optimizer, StateHasTheNamesAndShapesOfTheParameters) {
  const AdamW optimizer(sample_parameters(), {});
  const auto state = optimizer.state();
  ASSERT_EQ(state.size(), 9U);
  EXPECT_EQ(state[0].first, "a.weight.exp_avg");
  EXPECT_EQ(state[1].first, "a.weight.exp_avg_sq");
  EXPECT_THAT(state[0].second.sizes(), ElementsAre(5, 7));
  EXPECT_EQ(state[8].first, "step");
  EXPECT_EQ(state[8].second.scalar_type(), at::kLong);
}

TEST(Optimizer, AWrongStateIsListedWholeAndChangesNothing) {
  AdamW optimizer(sample_parameters(), {});
  fill_gradients(optimizer, 1);
  optimizer.step(0.1);
  const auto before = copied_state(optimizer);
  auto wrong = copied_state(optimizer);
  wrong[0].first = "b.weight.exp_avg";
  wrong[3].second = at::zeros({6});
  wrong[4].second = at::zeros({3}, at::kDouble);
  wrong.erase(wrong.begin() + 2);
  EXPECT_THAT([&] { optimizer.load_state(wrong); },
              ThrowsMessage<IoError>(
                  "optimizer state: wanted that of adamw for this model, got: missing a.bias.exp_avg, a.weight.exp_avg; "
                  "unexpected b.weight.exp_avg; misshapen a.bias.exp_avg_sq [6] instead of [5], "
                  "LayerNorm.weight.exp_avg Double [3] instead of [3]"));
  auto twice = copied_state(optimizer);
  twice.push_back(twice[0]);
  EXPECT_THAT([&] { optimizer.load_state(twice); }, ThrowsMessage<IoError>(HasSubstr("unexpected a.weight.exp_avg")));
  auto negative = copied_state(optimizer);
  negative[8].second = at::full({1}, -1, at::kLong);
  EXPECT_THAT([&] { optimizer.load_state(negative); }, ThrowsMessage<IoError>(HasSubstr("wanted a step of at least 0, got -1")));
  const auto after = optimizer.state();
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(after[i].second.equal(before[i].second)) << before[i].first;
}

}  // namespace
}  // namespace albert
