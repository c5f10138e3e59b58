#include "golden.h"

#include <albert/model/initialization.h>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

namespace albert {
namespace {

NamedParameter parameter(const std::string& name, at::IntArrayRef shape) { return {name, at::full(shape, 7.0)}; }

TEST(Initialization, GivesBiasesZeroAndLayerNormsOne) {
  const std::vector<NamedParameter> parameters{parameter("a.bias", {3}), parameter("x.LayerNorm.weight", {3}),
                                               parameter("x.full_layer_layer_norm.weight", {3}),
                                               parameter("x.LayerNorm.bias", {3})};
  initialize(parameters, 0.02, 1);
  EXPECT_TRUE(parameters[0].second.equal(at::zeros({3})));
  EXPECT_TRUE(parameters[1].second.equal(at::ones({3})));
  EXPECT_TRUE(parameters[2].second.equal(at::ones({3})));
  EXPECT_TRUE(parameters[3].second.equal(at::zeros({3})));
}

TEST(Initialization, IsANormalDistributionCutAtTwoDeviations) {
  const NamedParameter weight = parameter("a.weight", {1000, 300});
  initialize({weight}, 0.02, 1);
  const at::Tensor scaled = weight.second.to(at::kDouble) / 0.02;
  EXPECT_LE(scaled.abs().max().item<double>(), 2.0 + 1e-6);
  EXPECT_NEAR(scaled.mean().item<double>(), 0.0, 0.006);
  // Variance of a normal distribution cut at +-2: 1 - 4 phi(2) / (2 Phi(2) - 1).
  EXPECT_NEAR(scaled.var().item<double>(), 0.773741, 0.006);
  EXPECT_NEAR(scaled.abs().lt(1.0).to(at::kDouble).mean().item<double>(), 0.682689 / 0.954500, 0.003);
}

TEST(Initialization, DependsOnSeedAndNameOnly) {
  const NamedParameter a = parameter("a.weight", {40000});
  const NamedParameter b = parameter("b.weight", {40000});
  const NamedParameter a_again = parameter("a.weight", {40000});
  initialize({a, b}, 0.02, 1);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  initialize({a_again}, 0.02, 1);
  at::set_num_threads(threads);
  EXPECT_TRUE(a.second.equal(a_again.second));
  EXPECT_FALSE(a.second.equal(b.second));
  initialize({a_again}, 0.02, 2);
  EXPECT_FALSE(a.second.equal(a_again.second));
}

}  // namespace
}  // namespace albert
