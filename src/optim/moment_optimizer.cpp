#include <albert/optim/moment_optimizer.h>

#include <albert/base/error.h>

#include <ATen/ops/div.h>
#include <ATen/ops/full.h>

#include <cmath>

namespace albert {

MomentOptimizer::MomentOptimizer(std::vector<OptimizedParameter> parameters, const MomentOptions& options)
    : Optimizer(std::move(parameters)), options_(options), first_moments_(make_state()), second_moments_(make_state()) {
  ALBERT_CHECK(options_.kernel != UpdateKernel::fused || flat_parameters_.is_cpu(),
               "optimizer: the fused loops run on the CPU only");
}

std::vector<std::pair<std::string, at::Tensor>> MomentOptimizer::state() const {
  std::vector<std::pair<std::string, at::Tensor>> state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    state.emplace_back(parameters_[i].name + ".exp_avg", first_moments_.views[i]);
    state.emplace_back(parameters_[i].name + ".exp_avg_sq", second_moments_.views[i]);
  }
  state.emplace_back("step", at::full({1}, step_count_, at::TensorOptions().dtype(at::kLong)));
  return state;
}

bool MomentOptimizer::fused() const {
  return options_.kernel == UpdateKernel::fused || (options_.kernel == UpdateKernel::automatic && flat_parameters_.is_cpu());
}

std::pair<double, double> MomentOptimizer::corrections() const {
  if (!options_.bias_correction) return {1.0, 1.0};
  const auto t = static_cast<double>(step_count_);
  return {1.0 / (1.0 - std::pow(options_.beta1, t)), 1.0 / std::sqrt(1.0 - std::pow(options_.beta2, t))};
}

std::vector<float> MomentOptimizer::decays() const {
  std::vector<float> decays;
  for (const OptimizedParameter& parameter : parameters_)
    decays.push_back(parameter.decay ? static_cast<float>(options_.weight_decay) : 0.0F);
  return decays;
}

std::vector<float> MomentOptimizer::rates(double learning_rate) const {
  std::vector<float> rates;
  for (const OptimizedParameter& parameter : parameters_)
    rates.push_back(static_cast<float>(learning_rate * parameter.learning_rate_scale));
  return rates;
}

at::Tensor MomentOptimizer::updated_direction() {
  const auto [correction1, correction2] = corrections();
  first_moments_.flat.mul_(options_.beta1).add_(flat_gradients_, 1.0 - options_.beta1);
  second_moments_.flat.mul_(options_.beta2).addcmul_(flat_gradients_, flat_gradients_, 1.0 - options_.beta2);
  at::Tensor direction = second_moments_.flat.sqrt();
  direction.mul_(correction2 / correction1).add_(options_.epsilon / correction1);
  at::div_out(direction, first_moments_.flat, direction);
  const std::vector<at::Tensor> views = views_of(direction);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].decay && options_.weight_decay != 0) views[i].add_(parameters_[i].tensor.detach(), options_.weight_decay);
  }
  return direction;
}

void MomentOptimizer::apply_direction(const at::Tensor& direction, const std::vector<at::Tensor>& direction_views,
                                      double learning_rate) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].learning_rate_scale != 1.0) direction_views[i].mul_(parameters_[i].learning_rate_scale);
  }
  flat_parameters_.sub_(direction, learning_rate);
}

}  // namespace albert
