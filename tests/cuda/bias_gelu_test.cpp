#include <albert/base/error.h>
#include <albert/cuda/bias_gelu.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace albert::cuda {
namespace {

using ::testing::HasSubstr;

// ||a - b|| / ||b||
double error_of(const at::Tensor& a, const at::Tensor& b) {
  return ((a.to(at::kDouble) - b.to(at::kDouble)).norm() / b.to(at::kDouble).norm()).item<double>();
}

// Shapes: those of ALBERT, odd widths (one number at a time), one token, no token, more than one chunk of rows.
class BiasGelu : public ::testing::TestWithParam<std::tuple<at::ScalarType, int64_t, int64_t>> {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device";
    at::manual_seed(7);
    const auto [type, tokens, width] = GetParam();
    const auto options = at::TensorOptions().device(at::kCUDA).dtype(type);
    input_ = at::randn({tokens, width}, at::kFloat).to(options);
    bias_ = at::randn({width}, at::kFloat).to(options);
    grad_output_ = at::randn({tokens, width}, at::kFloat).to(options);
    // Reference in double precision from the same, already rounded, inputs.
    reference_input_ = input_.to(at::kDouble) + bias_.to(at::kDouble);
    tolerance_ = type == at::kFloat ? 1e-6 : 4e-3;  // bf16 keeps 8 bits
  }

  at::Tensor input_, bias_, grad_output_, reference_input_;
  double tolerance_ = 0;
};

TEST_P(BiasGelu, ForwardEqualsAten) {
  const at::Tensor output = bias_gelu_forward(input_, bias_);
  ASSERT_EQ(output.sizes(), input_.sizes());
  ASSERT_EQ(output.scalar_type(), input_.scalar_type());
  if (input_.numel() == 0) return;
  EXPECT_LT(error_of(output, at::gelu(reference_input_, "tanh")), tolerance_);
}

TEST_P(BiasGelu, BackwardEqualsAten) {
  const BiasGeluGradients gradients = bias_gelu_backward(grad_output_, input_, bias_);
  ASSERT_EQ(gradients.bias.scalar_type(), at::kFloat);
  if (input_.numel() == 0) {
    EXPECT_EQ(gradients.bias.abs().sum().item<float>(), 0.0F) << "the sum over no tokens is zero";
    return;
  }
  const at::Tensor expected = at::gelu_backward(grad_output_.to(at::kDouble), reference_input_, "tanh");
  EXPECT_LT(error_of(gradients.input, expected), tolerance_);
  EXPECT_LT(error_of(gradients.bias, expected.sum(0)), 1e-5) << "summed in fp32 before rounding, in both types";
}

TEST_P(BiasGelu, RepeatsTheSameBits) {
  const BiasGeluGradients first = bias_gelu_backward(grad_output_, input_, bias_);
  const BiasGeluGradients second = bias_gelu_backward(grad_output_, input_, bias_);
  EXPECT_TRUE(at::equal(first.input, second.input));
  EXPECT_TRUE(at::equal(first.bias, second.bias));
}

INSTANTIATE_TEST_SUITE_P(Shapes, BiasGelu,
                         ::testing::Combine(::testing::Values(at::kFloat, at::kBFloat16), ::testing::Values(0, 1, 255, 1000),
                                            ::testing::Values(1, 33, 66, 1024, 3072)));

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
