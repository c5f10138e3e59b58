// Ten steps against scripts/make_optimizer_golden.py: LAMB and AdamW after Google's code, AdamW after torch.optim.AdamW.
#include "sample_parameters.h"

#include <albert/io/safetensors.h>
#include <albert/optim/adamw.h>
#include <albert/optim/lamb.h>
#include <albert/optim/parameter_groups.h>
#include <albert/optim/schedule.h>

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <cstring>

namespace albert {
namespace {

constexpr double kBound = 1e-6;  // relative L2, each tensor, each step
constexpr int64_t kSteps = 10;

at::Tensor tensor_of(const io::ArrayView& array) {
  const at::ScalarType type = array.type == io::DType::f64 ? at::kDouble : at::kFloat;
  at::Tensor tensor = at::empty(array.shape, at::TensorOptions().dtype(type));
  std::memcpy(tensor.mutable_data_ptr(), array.bytes.data(), array.bytes.size());
  return tensor;
}

class OptimizerParity : public ::testing::TestWithParam<UpdateKernel> {
 protected:
  OptimizerParity() : golden_(io::SafetensorsFile::open(ALBERT_SOURCE_DIR "/tests/golden/optim/ten_steps.safetensors")) {}

  [[nodiscard]] at::Tensor golden(const std::string& name) const { return tensor_of(golden_.at(name)); }

  [[nodiscard]] std::vector<OptimizedParameter> initial() const {
    std::vector<OptimizedParameter> parameters;
    const std::string prefix = "initial/";
    for (const auto& [key, array] : golden_.arrays()) {
      if (!key.starts_with(prefix)) continue;
      const std::string name = key.substr(prefix.size());
      parameters.push_back({.name = name,
                            .tensor = tensor_of(array).requires_grad_(),
                            .decay = !is_excluded(name, std::string(kDefaultExclusion))});
    }
    return parameters;
  }

  void expect_parity(Optimizer& optimizer, const std::string& run) const {
    ASSERT_EQ(optimizer.parameters().size(), 10U);
    const Schedule schedule({.warmup = {3, DurationUnit::steps}}, 0.02,
                            {.steps_per_epoch = 0, .tokens_per_step = 0, .total_steps = 12});
    const at::Tensor rates = golden("learning_rates");
    for (int64_t step = 0; step < kSteps; ++step) {
      const double rate = schedule.learning_rate(step);
      EXPECT_DOUBLE_EQ(rate, rates[step].item<double>()) << step;
      for (const OptimizedParameter& parameter : optimizer.parameters()) {
        parameter.tensor.grad().copy_(golden("gradient/" + std::to_string(step) + "/" + parameter.name));
      }
      optimizer.step(rate);
      for (const OptimizedParameter& parameter : optimizer.parameters()) {
        const at::Tensor expected = golden(run + "/" + std::to_string(step) + "/" + parameter.name);
        EXPECT_LT(relative_error(parameter.tensor, expected), kBound) << run << " step " << step << " " << parameter.name;
      }
    }
    for (const auto& [name, tensor] : optimizer.state()) {
      if (name == "step") continue;
      const size_t dot = name.rfind('.');
      EXPECT_LT(relative_error(tensor, golden(run + "/" + name.substr(dot + 1) + "/" + name.substr(0, dot))), kBound)
          << run << " " << name;
    }
  }

 private:
  io::SafetensorsFile golden_;
};

TEST_P(OptimizerParity, LambEqualsGooglesForTenSteps) {
  Lamb optimizer(initial(), {.moments = {.kernel = GetParam()}});
  expect_parity(optimizer, "lamb");
}

TEST_P(OptimizerParity, AdamWEqualsGooglesForTenSteps) {
  AdamW optimizer(initial(), {.kernel = GetParam()});
  expect_parity(optimizer, "adamw");
}

TEST_P(OptimizerParity, CorrectedAdamWEqualsTorchsForTenSteps) {
  AdamW optimizer(initial(), {.bias_correction = true, .kernel = GetParam()});
  expect_parity(optimizer, "adamw_corrected");
}

INSTANTIATE_TEST_SUITE_P(Kernels, OptimizerParity, ::testing::Values(UpdateKernel::fused, UpdateKernel::operators),
                         [](const auto& test) { return test.param == UpdateKernel::fused ? "Fused" : "Operators"; });

}  // namespace
}  // namespace albert
