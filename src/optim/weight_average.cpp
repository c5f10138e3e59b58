#include <albert/optim/weight_average.h>

#include <albert/base/error.h>

#include <ATen/ops/empty_like.h>
#include <c10/core/GradMode.h>

#include <map>

namespace albert {

WeightAverage::WeightAverage(const Optimizer& optimizer, double decay) : optimizer_(optimizer), decay_(decay) {
  ALBERT_CHECK(decay >= 0 && decay < 1, "weight average: decay {}", decay);
  const at::NoGradGuard no_grad;
  average_ = optimizer.flat_parameters().clone();
}

void WeightAverage::update() {
  const at::NoGradGuard no_grad;
  // a + (1 - decay) (w - a): where both are near each other, decay a + (1 - decay) w would lose more bits.
  average_.lerp_(optimizer_.flat_parameters(), 1 - decay_);
}

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  at::Tensor parameters = optimizer_.flat_parameters();
  const at::Tensor kept = parameters.clone();
  parameters.copy_(average_);
  average_.copy_(kept);
}

std::vector<std::pair<std::string, at::Tensor>> WeightAverage::state() const {
  std::vector<std::pair<std::string, at::Tensor>> state;
  for (size_t i = 0; i < optimizer_.parameters().size(); ++i) {
    const auto& parameter = optimizer_.parameters()[i];
    state.emplace_back(parameter.name, average_.narrow(0, optimizer_.offsets()[i], parameter.tensor.numel()).view(parameter.tensor.sizes()));
  }
  return state;
}

void WeightAverage::load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) {
  const std::map<std::string, at::Tensor> given(state.begin(), state.end());
  const auto wanted = this->state();
  for (const auto& [name, tensor] : wanted) {
    const auto found = given.find(name);
    if (found == given.end()) throw IoError(fmt::format("average of the weights: wanted {}, which is missing", name));
    if (found->second.sizes() != tensor.sizes() || found->second.scalar_type() != at::kFloat) {
      throw IoError(fmt::format("average of the weights: {} must be fp32 of {} numbers in the model's shape, got another", name, tensor.numel()));
    }
  }
  if (state.size() != wanted.size()) {
    throw IoError(fmt::format("average of the weights: wanted {} tensors, got {}", wanted.size(), state.size()));
  }
  const at::NoGradGuard no_grad;
  for (auto [name, tensor] : wanted) tensor.copy_(given.at(name));
}

}  // namespace albert
