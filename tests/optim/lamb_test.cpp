#include "sample_parameters.h"

#include <albert/base/error.h>
#include <albert/optim/lamb.h>

#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

namespace albert {
namespace {

/// Restores the number of threads at the end of a test.
class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { at::set_num_threads(before_); }

 private:
  int before_;
};

double l2_norm(const at::Tensor& tensor) { return tensor.detach().to(at::kDouble).norm().item<double>(); }

TEST(Lamb, AStepMovesATensorByTheRateTimesItsNorm) {
  Lamb optimizer(sample_parameters(), {});
  std::vector<at::Tensor> before;
  for (const OptimizedParameter& parameter : optimizer.parameters()) before.push_back(parameter.tensor.detach().clone());
  fill_gradients(optimizer, 7);
  optimizer.step(0.01);
  const auto moved = [&](size_t i) { return l2_norm(optimizer.parameters()[i].tensor - before[i]) / l2_norm(before[i]); };
  EXPECT_NEAR(moved(0), 0.01, 1e-6) << "trust ratio: whatever the gradient's size";
  EXPECT_NEAR(moved(3), 0.25 * 0.01, 1e-6);
  EXPECT_GT(std::abs(moved(1) - 0.01), 1e-3) << "excluded: no trust ratio";
}

TEST(Lamb, LeavesExcludedParametersWithoutGradientUntouched) {
  Lamb optimizer(sample_parameters(), {.moments = {.weight_decay = 0.5}});
  const at::Tensor bias = optimizer.parameters()[1].tensor.detach().clone();
  optimizer.step(0.1);
  EXPECT_TRUE(optimizer.parameters()[1].tensor.equal(bias));
  EXPECT_FALSE(optimizer.parameters()[0].tensor.equal(sample_parameters()[0].tensor)) << "the decay alone moves a decayed one";
}

TEST(Lamb, AZeroTensorIsUpdatedWithRatioOne) {
  for (const UpdateKernel kernel : {UpdateKernel::fused, UpdateKernel::operators}) {
    Lamb optimizer({{.name = "w", .tensor = at::zeros({4}).requires_grad_()}}, {.moments = {.epsilon = 1e-12, .kernel = kernel}});
    optimizer.step(0.1);
    EXPECT_EQ(l2_norm(optimizer.flat_parameters()), 0.0) << "no gradient either: 0 / 0 is not taken";
    fill_gradients(optimizer, 1);
    optimizer.step(0.1);
    // u = 0.1 g / sqrt(0.001 g^2) = sign(g) sqrt(10)
    EXPECT_LT(relative_error(optimizer.flat_parameters(), -0.1 * std::sqrt(10.0) * optimizer.flat_gradients().sign()), 1e-5);
  }
}

TEST(Lamb, TheClampBoundsTheNormOfTheWeights) {
  for (const UpdateKernel kernel : {UpdateKernel::fused, UpdateKernel::operators}) {
    Lamb optimizer(sample_parameters(), {.moments = {.kernel = kernel}, .clamp_weight_norm = 2.0});
    const at::Tensor before = optimizer.parameters()[0].tensor.detach().clone();
    ASSERT_GT(l2_norm(before), 2.0);
    fill_gradients(optimizer, 7);
    optimizer.step(0.01);
    EXPECT_NEAR(l2_norm(optimizer.parameters()[0].tensor - before), 0.01 * 2.0, 1e-6);
  }
}

TEST(Lamb, FusedLoopsAndOperatorsAgree) {
  for (const bool correction : {false, true}) {
    Lamb fused(sample_parameters(), {.moments = {.bias_correction = correction, .kernel = UpdateKernel::fused}});
    Lamb operators(sample_parameters(), {.moments = {.bias_correction = correction, .kernel = UpdateKernel::operators}});
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

TEST(Lamb, TheBitsDoNotDependOnTheNumberOfThreads) {
  const auto run = [](int threads) {
    const Threads limit(threads);
    Lamb optimizer(sample_parameters(), {});
    for (uint64_t step = 0; step < 3; ++step) {
      fill_gradients(optimizer, step);
      optimizer.step(0.05);
    }
    return optimizer.flat_parameters().clone();
  };
  const at::Tensor one = run(1);
  EXPECT_TRUE(run(2).equal(one));
  EXPECT_TRUE(run(3).equal(one));
}

TEST(Lamb, RateZeroChangesTheMomentsOnly) {
  Lamb optimizer(sample_parameters(), {});
  const at::Tensor before = optimizer.flat_parameters().clone();
  fill_gradients(optimizer, 1);
  optimizer.step(0.0);
  EXPECT_TRUE(optimizer.flat_parameters().equal(before));
  EXPECT_GT(l2_norm(optimizer.state()[0].second), 0.0);
  EXPECT_EQ(optimizer.step_count(), 1);
}

}  // namespace
}  // namespace albert
