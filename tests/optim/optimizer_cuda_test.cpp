// The optimizers on a GPU do what they do on the CPU. Run where there is one.
#include "sample_parameters.h"

#include <albert/optim/adamw.h>
#include <albert/optim/gradient_clipping.h>
#include <albert/optim/lamb.h>

#include <ATen/detail/CUDAHooksInterface.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

std::vector<OptimizedParameter> on_gpu(std::vector<OptimizedParameter> parameters) {
  for (OptimizedParameter& parameter : parameters) parameter.tensor = parameter.tensor.detach().to(at::kCUDA).requires_grad_();
  return parameters;
}

class OptimizerOnGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA() || at::detail::getCUDAHooks().getNumGPUs() == 0) GTEST_SKIP() << "no CUDA device";
  }

  static void run_five_steps(Optimizer& optimizer) {
    at::Tensor gradients = optimizer.flat_gradients();
    for (uint64_t step = 0; step < 5; ++step) {
      fill_gradients(optimizer, step);
      EXPECT_GT(clip_gradients(gradients, 1.0), 1.0);
      optimizer.step(0.05);
    }
  }

  static void expect_equal(const Optimizer& gpu, const Optimizer& cpu) {
    ASSERT_TRUE(gpu.flat_parameters().is_cuda());
    for (size_t i = 0; i < cpu.parameters().size(); ++i) {
      EXPECT_LT(relative_error(gpu.parameters()[i].tensor.cpu(), cpu.parameters()[i].tensor), 2e-6) << cpu.parameters()[i].name;
    }
  }
};

TEST_F(OptimizerOnGpu, LambEqualsTheCpus) {
  Lamb cpu(sample_parameters(), {});
  Lamb gpu(on_gpu(sample_parameters()), {});
  run_five_steps(cpu);
  run_five_steps(gpu);
  expect_equal(gpu, cpu);
}

TEST_F(OptimizerOnGpu, AdamWEqualsTheCpus) {
  AdamW cpu(sample_parameters(), {.bias_correction = true});
  AdamW gpu(on_gpu(sample_parameters()), {.bias_correction = true});
  run_five_steps(cpu);
  run_five_steps(gpu);
  expect_equal(gpu, cpu);
}

TEST_F(OptimizerOnGpu, TwoRunsGiveTheSameBits) {
  Lamb first(on_gpu(sample_parameters()), {});
  Lamb second(on_gpu(sample_parameters()), {});
  run_five_steps(first);
  run_five_steps(second);
  EXPECT_TRUE(first.flat_parameters().equal(second.flat_parameters()));
}

TEST_F(OptimizerOnGpu, TakesAStateThatWasSavedOnTheCpu) {
  Lamb cpu(sample_parameters(), {});
  run_five_steps(cpu);
  Lamb gpu(on_gpu(sample_parameters()), {});
  gpu.load_state(cpu.state());
  EXPECT_EQ(gpu.step_count(), 5);
  EXPECT_TRUE(gpu.state()[0].second.is_cuda());
  EXPECT_TRUE(gpu.state()[0].second.cpu().equal(cpu.state()[0].second));
}

}  // namespace
}  // namespace albert
