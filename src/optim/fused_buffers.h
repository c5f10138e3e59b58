// From tensors and options to what the fused loops take.
#pragma once

#include "optim/cpu_kernels.h"

#include <albert/optim/moment_optimizer.h>

#include <utility>
#include <vector>

namespace albert::cpu {

inline std::vector<int64_t> sizes_of(const std::vector<OptimizedParameter>& parameters) {
  std::vector<int64_t> sizes;
  for (const OptimizedParameter& parameter : parameters) sizes.push_back(parameter.tensor.numel());
  return sizes;
}

inline Buffers make_buffers(const at::Tensor& weights, const at::Tensor& gradients, const at::Tensor& first,
                            const at::Tensor& second) {
  return {.weights = weights.mutable_data_ptr<float>(),
          .gradients = gradients.const_data_ptr<float>(),
          .first_moments = first.mutable_data_ptr<float>(),
          .second_moments = second.mutable_data_ptr<float>()};
}

inline Direction make_direction(const MomentOptions& options, const std::pair<double, double>& corrections) {
  return {.beta1 = static_cast<float>(options.beta1),
          .one_minus_beta1 = static_cast<float>(1.0 - options.beta1),
          .beta2 = static_cast<float>(options.beta2),
          .one_minus_beta2 = static_cast<float>(1.0 - options.beta2),
          .correction1 = static_cast<float>(corrections.first),
          .correction2 = static_cast<float>(corrections.second),
          .epsilon = static_cast<float>(options.epsilon)};
}

}  // namespace albert::cpu
