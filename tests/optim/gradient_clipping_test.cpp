#include <albert/base/error.h>
#include <albert/optim/gradient_clipping.h>

#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace albert {
namespace {

TEST(GradientClipping, ScalesToTheBoundAndReturnsTheNormBefore) {
  at::Tensor gradients = at::tensor({3.0F, 0.0F, 4.0F});
  EXPECT_DOUBLE_EQ(clip_gradients(gradients, 1.0), 5.0);
  EXPECT_NEAR(gradient_norm(gradients), 1.0, 1e-7);
  EXPECT_NEAR(gradients[0].item<float>(), 0.6F, 1e-7F);
}

TEST(GradientClipping, LeavesASmallerGradientUntouchedToTheBit) {
  at::Tensor gradients = at::tensor({0.3F, -0.1F});
  const at::Tensor before = gradients.clone();
  EXPECT_LT(clip_gradients(gradients, 1.0), 1.0);
  EXPECT_TRUE(gradients.equal(before));
  EXPECT_GT(clip_gradients(gradients, std::numeric_limits<double>::infinity()), 0.0);
  EXPECT_TRUE(gradients.equal(before)) << "infinity only measures";
}

TEST(GradientClipping, ReturnsANormThatIsNotFiniteAndScalesNothing) {
  at::Tensor gradients = at::tensor({2.0F, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_TRUE(std::isnan(clip_gradients(gradients, 1.0)));
  EXPECT_EQ(gradients[0].item<float>(), 2.0F);
  gradients = at::tensor({2.0F, -std::numeric_limits<float>::infinity()});
  EXPECT_TRUE(std::isinf(clip_gradients(gradients, 1.0)));
  EXPECT_EQ(gradients[0].item<float>(), 2.0F);
}

TEST(GradientClipping, SumsInDoubleSoThatLargeGradientsDoNotOverflow) {
  at::Tensor gradients = at::full({100'003}, 1e30F);
  EXPECT_NEAR(clip_gradients(gradients, 1.0) / (static_cast<double>(1e30F) * std::sqrt(100'003.0)), 1.0, 1e-12);
  EXPECT_NEAR(gradient_norm(gradients), 1.0, 1e-6);
}

TEST(GradientClipping, TheBitsDoNotDependOnTheNumberOfThreads) {
  const at::Tensor gradients = at::arange(100'003, at::kFloat).sin();
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const double one = gradient_norm(gradients);
  at::set_num_threads(3);
  const double three = gradient_norm(gradients);
  at::set_num_threads(before);
  EXPECT_EQ(one, three);
}

TEST(GradientClipping, RefusesWhatIsNotAFlatBufferOrABound) {
  at::Tensor square = at::zeros({2, 2});
  EXPECT_THROW((void)gradient_norm(square), InternalError);
  at::Tensor flat = at::zeros({2});
  EXPECT_THROW((void)clip_gradients(flat, 0.0), InternalError);
}

}  // namespace
}  // namespace albert
