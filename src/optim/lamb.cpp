#include <albert/optim/lamb.h>

#include "optim/cpu_kernels.h"
#include "optim/fused_buffers.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

namespace albert {

Lamb::Lamb(std::vector<OptimizedParameter> parameters, const LambOptions& options)
    : MomentOptimizer(std::move(parameters), options.moments), clamp_weight_norm_(options.clamp_weight_norm) {}

void Lamb::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  ++step_count_;
  if (fused()) {
    step_fused(learning_rate);
  } else {
    step_by_operators(learning_rate);
  }
}

void Lamb::step_fused(double learning_rate) {
  const auto chunks = cpu::make_chunks(offsets_, cpu::sizes_of(parameters_));
  const auto buffers = cpu::make_buffers(flat_parameters_, flat_gradients_, first_moments_.flat, second_moments_.flat);
  const auto direction = cpu::make_direction(options_, corrections());
  const std::vector<float> decay = decays();
  const std::vector<cpu::SquaredNorms> norms = cpu::adam_moments(chunks, buffers, direction, decay);
  std::vector<float> rate = rates(learning_rate);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].decay) continue;
    const double weight_norm = std::min(std::sqrt(norms[i].weights), clamp_weight_norm_.value_or(INFINITY));
    const double direction_norm = std::sqrt(norms[i].direction);
    const double ratio = weight_norm > 0 && direction_norm > 0 ? weight_norm / direction_norm : 1.0;
    rate[i] = static_cast<float>(learning_rate * parameters_[i].learning_rate_scale * ratio);
  }
  cpu::apply_direction(chunks, buffers, direction, decay, rate);
}

void Lamb::step_by_operators(double learning_rate) {
  const at::Tensor direction = updated_direction();
  const std::vector<at::Tensor> direction_views = views_of(direction);
  std::vector<at::Tensor> weights;
  std::vector<at::Tensor> adapted;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].decay || parameters_[i].tensor.numel() == 0) continue;
    weights.push_back(parameters_[i].tensor.detach());
    adapted.push_back(direction_views[i]);
  }
  if (!adapted.empty()) {
    at::Tensor weight_norms = at::stack(at::_foreach_norm(weights));  // [adapted]
    if (clamp_weight_norm_) weight_norms.clamp_max_(*clamp_weight_norm_);
    const at::Tensor direction_norms = at::stack(at::_foreach_norm(adapted));  // [adapted]
    const at::Tensor ratios =
        at::where((weight_norms > 0).logical_and_(direction_norms > 0), weight_norms / direction_norms, 1.0);
    for (size_t i = 0; i < adapted.size(); ++i) adapted[i].mul_(ratios[static_cast<int64_t>(i)]);
  }
  apply_direction(direction, direction_views, learning_rate);
}

}  // namespace albert
