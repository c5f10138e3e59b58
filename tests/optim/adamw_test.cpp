#include "sample_parameters.h"

#include <albert/base/error.h>
#include <albert/optim/adamw.h>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

namespace albert {
namespace {

/// With zero gradients only the decay moves a parameter, so its effective value can be read off.
TEST(AdamW, EachParameterGetsItsOwnDecayAndRate) {
  AdamW optimizer(sample_parameters(), {.weight_decay = 0.05});
  std::vector<at::Tensor> before;
  for (const OptimizedParameter& parameter : optimizer.parameters()) before.push_back(parameter.tensor.detach().clone());
  optimizer.step(0.1);
  const auto moved_by = [&](size_t i) {
    return ((before[i] - optimizer.parameters()[i].tensor.detach()) / before[i]).mean().item<double>();
  };
  EXPECT_NEAR(moved_by(0), 0.1 * 0.05, 1e-6) << "decayed";
  EXPECT_EQ(moved_by(1), 0.0) << "excluded";
  EXPECT_EQ(moved_by(2), 0.0) << "excluded";
  EXPECT_NEAR(moved_by(3), 0.25 * 0.1 * 0.05, 1e-6) << "decayed, a quarter of the rate";
}

TEST(AdamW, TheRateScaleScalesTheStep) {
  AdamW whole({{.name = "a", .tensor = sample_leaf({6}, 1)}}, {});
  AdamW half({{.name = "a", .tensor = sample_leaf({6}, 1), .learning_rate_scale = 0.5}}, {});
  const at::Tensor before = whole.flat_parameters().clone();
  fill_gradients(whole, 2);
  fill_gradients(half, 2);
  whole.step(0.1);
  half.step(0.1);
  EXPECT_LT(relative_error(2 * (half.flat_parameters() - before), whole.flat_parameters() - before), 1e-6);
}

TEST(AdamW, TheFirstCorrectedStepIsTheSignOfTheGradient) {
  AdamW optimizer({{.name = "a", .tensor = sample_leaf({6}, 1)}}, {.epsilon = 1e-12, .weight_decay = 0, .bias_correction = true});
  const at::Tensor before = optimizer.flat_parameters().clone();
  fill_gradients(optimizer, 2);
  optimizer.step(0.01);
  EXPECT_LT(relative_error(before - optimizer.flat_parameters(), 0.01 * optimizer.flat_gradients().sign()), 1e-5);
}

TEST(AdamW, FusedLoopsAndOperatorsAgree) {
  for (const bool correction : {false, true}) {
    AdamW fused(sample_parameters(), {.bias_correction = correction, .kernel = UpdateKernel::fused});
    AdamW operators(sample_parameters(), {.bias_correction = correction, .kernel = UpdateKernel::operators});
    for (uint64_t step = 0; step < 5; ++step) {
      fill_gradients(fused, step);
      fill_gradients(operators, step);
      fused.step(0.05);
      operators.step(0.05);
    }
    for (size_t i = 0; i < fused.parameters().size(); ++i) {
      EXPECT_LT(relative_error(operators.parameters()[i].tensor, fused.parameters()[i].tensor), 1e-6)
          << fused.parameters()[i].name;
    }
  }
}

}  // namespace
}  // namespace albert
