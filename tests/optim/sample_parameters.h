// Small parameters for tests of optimizers.
#pragma once

#include <albert/optim/optimizer.h>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/variable.h>

#include <string>
#include <vector>

namespace albert {

/// A leaf that requires a gradient, standard normal with a seed of its own.
inline at::Tensor sample_leaf(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed)).requires_grad_();
}

/// Two decayed tensors, one of them larger than a chunk of the fused loops, and two that are not decayed.
inline std::vector<OptimizedParameter> sample_parameters() {
  return {{.name = "a.weight", .tensor = sample_leaf({5, 7}, 1)},
          {.name = "a.bias", .tensor = sample_leaf({5}, 2), .decay = false},
          {.name = "LayerNorm.weight", .tensor = sample_leaf({3}, 3), .learning_rate_scale = 0.5, .decay = false},
          {.name = "large.weight", .tensor = sample_leaf({130, 301}, 4), .learning_rate_scale = 0.25}};
}

inline void fill_gradients(const Optimizer& optimizer, uint64_t seed) {
  for (const OptimizedParameter& parameter : optimizer.parameters()) {
    parameter.tensor.grad().copy_(sample_leaf(parameter.tensor.sizes(), seed++).detach());
  }
}

/// ||a - b|| / ||b||, in fp64.
inline double relative_error(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor exact = b.detach().to(at::kDouble);
  const double norm = exact.norm().item<double>();
  const double difference = (a.detach().to(at::kDouble) - exact).norm().item<double>();
  return norm == 0 ? difference : difference / norm;
}

}  // namespace albert
