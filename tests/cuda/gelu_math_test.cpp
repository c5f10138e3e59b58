#include <cuda/gelu_math.h>

#include <gtest/gtest.h>

#include <cmath>

namespace albert::cuda {
namespace {

// The definition in double precision.
double gelu(double x) { return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x))); }

TEST(GeluMath, EqualsTheDefinition) {
  for (double x = -12; x <= 12; x += 0.0625) {
    // Near -5 the result is the small difference of two numbers near 1: absolute there, relative elsewhere.
    EXPECT_NEAR(gelu_tanh(static_cast<float>(x)), gelu(x), 2e-7 * std::max(1.0, std::abs(x))) << x;
  }
}

TEST(GeluMath, DerivativeIsThatOfTheDefinition) {
  constexpr double kStep = 1e-5;
  for (double x = -12; x <= 12; x += 0.0625) {
    EXPECT_NEAR(gelu_tanh_derivative(static_cast<float>(x)), (gelu(x + kStep) - gelu(x - kStep)) / (2 * kStep), 2e-6) << x;
  }
}

TEST(GeluMath, IsExactFarFromZero) {
  EXPECT_EQ(gelu_tanh(0.0F), 0.0F);
  EXPECT_EQ(gelu_tanh(100.0F), 100.0F);
  EXPECT_EQ(gelu_tanh(-100.0F), 0.0F);
  EXPECT_EQ(gelu_tanh_derivative(0.0F), 0.5F);
  EXPECT_EQ(gelu_tanh_derivative(100.0F), 1.0F);
  EXPECT_EQ(gelu_tanh_derivative(-100.0F), 0.0F);
  EXPECT_TRUE(std::isnan(gelu_tanh(std::nanf("")))) << "a broken activation must not be hidden";
}

}  // namespace
}  // namespace albert::cuda
