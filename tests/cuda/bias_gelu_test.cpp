#include <albert/base/error.h>
#include <albert/cuda/bias_gelu.h>

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace albert::cuda {
namespace {

using ::testing::HasSubstr;

// ||a - b|| / ||b||
double error_of(const at::Tensor& a, const at::Tensor& b) {
  return ((a.to(at::kDouble) - b.to(at::kDouble)).norm() / b.to(at::kDouble).norm()).item<double>();
}

struct Problem {
  at::Tensor input, bias, grad_output;
  at::Tensor reference_input;  // input + bias in double precision, from the same already rounded numbers
  double tolerance = 0;
};

Problem make_problem(at::ScalarType type, int64_t tokens, int64_t width) {
  const auto options = at::TensorOptions().device(at::kCUDA).dtype(type);
  Problem problem{.input = at::randn({tokens, width}, at::kFloat).to(options),
                  .bias = at::randn({width}, at::kFloat).to(options),
                  .grad_output = at::randn({tokens, width}, at::kFloat).to(options),
                  .reference_input = {},
                  .tolerance = type == at::kFloat ? 1e-6 : 4e-3};  // bf16 keeps 8 bits
  problem.reference_input = problem.input.to(at::kDouble) + problem.bias.to(at::kDouble);
  return problem;
}

class BiasGelu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA() || at::detail::getCUDAHooks().getNumGPUs() == 0) GTEST_SKIP() << "no CUDA device";
    at::manual_seed(7);
  }

  // Widths: of ALBERT, odd (one number at a time), even but no multiple of the widest access. Tokens: one, and more than one
  // chunk of rows.
  template <typename Check>
  static void for_each_problem(const Check& check) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      for (const int64_t tokens : {1, 255, 1000}) {
        for (const int64_t width : {1, 33, 66, 3072}) {
          SCOPED_TRACE(fmt::format("{} [{}, {}]", c10::toString(type), tokens, width));
          check(make_problem(type, tokens, width));
        }
      }
    }
  }
};

TEST_F(BiasGelu, ForwardEqualsAten) {
  for_each_problem([](const Problem& problem) {
    const at::Tensor output = bias_gelu_forward(problem.input, problem.bias);
    ASSERT_EQ(output.sizes(), problem.input.sizes());
    ASSERT_EQ(output.scalar_type(), problem.input.scalar_type());
    EXPECT_LT(error_of(output, at::gelu(problem.reference_input, "tanh")), problem.tolerance);
  });
}

TEST_F(BiasGelu, BackwardEqualsAten) {
  for_each_problem([](const Problem& problem) {
    const BiasGeluGradients gradients = bias_gelu_backward(problem.grad_output, problem.input, problem.bias);
    const at::Tensor expected = at::gelu_backward(problem.grad_output.to(at::kDouble), problem.reference_input, "tanh");
    EXPECT_LT(error_of(gradients.input, expected), problem.tolerance);
    ASSERT_EQ(gradients.bias.scalar_type(), at::kFloat);
    EXPECT_LT(error_of(gradients.bias, expected.sum(0)), 1e-5) << "summed in fp32 before rounding, in both types";
  });
}

TEST_F(BiasGelu, RepeatsTheSameBits) {
  for_each_problem([](const Problem& problem) {
    const BiasGeluGradients first = bias_gelu_backward(problem.grad_output, problem.input, problem.bias);
    const BiasGeluGradients second = bias_gelu_backward(problem.grad_output, problem.input, problem.bias);
    EXPECT_TRUE(at::equal(first.input, second.input));
    EXPECT_TRUE(at::equal(first.bias, second.bias));
  });
}

TEST_F(BiasGelu, OfNoTokensIsEmptyAndItsBiasGradientZero) {
  const Problem problem = make_problem(at::kFloat, 0, 8);
  EXPECT_EQ(bias_gelu_forward(problem.input, problem.bias).numel(), 0);
  const BiasGeluGradients gradients = bias_gelu_backward(problem.grad_output, problem.input, problem.bias);
  EXPECT_EQ(gradients.input.numel(), 0);
  EXPECT_EQ(gradients.bias.abs().sum().item<float>(), 0.0F);
}

TEST(BiasGeluInput, MustBeOnACudaDevice) {
  try {
    (void)bias_gelu_forward(at::zeros({2, 4}), at::zeros({4}));
    FAIL() << "a CPU tensor was taken";
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), HasSubstr("bias_gelu: one CUDA device wanted, got cpu and cpu"));
  }
}

}  // namespace
}  // namespace albert::cuda
