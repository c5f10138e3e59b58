#include "train/divergence.h"

#include <albert/eval/bootstrap.h>

#include <ATen/ATen.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace albert {
namespace {

/// Parts of the loss before its sum, which only repeats that one of them is bad.
std::string describe_bad_losses(const std::map<std::string, double>& metrics) {
  std::string text;
  for (const auto& [name, value] : metrics) {
    if (!is_loss(name) || name == "loss" || std::isfinite(value)) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, number_text(value));
  }
  if (const double loss = metrics.at("loss"); text.empty() && !std::isfinite(loss)) return "loss " + number_text(loss);
  return text;
}

/// The first names of tensors that hold a number that is not finite, and how many more.
template <typename TensorOf>
std::string describe_bad_tensors(const Optimizer& optimizer, TensorOf&& tensor_of) {
  constexpr size_t kNamed = 3;
  std::string text;
  size_t bad = 0;
  for (const auto& parameter : optimizer.parameters()) {
    const at::Tensor tensor = tensor_of(parameter);
    if (!tensor.defined() || tensor.isfinite().all().template item<bool>()) continue;
    if (bad < kNamed) text += fmt::format("{}{}", bad == 0 ? "" : ", ", parameter.name);
    ++bad;
  }
  if (bad > kNamed) text += fmt::format(" and {} more", bad - kNamed);
  return text;
}

}  // namespace

bool is_loss(const std::string& name) { return name == "loss" || name.ends_with("_loss"); }

std::string number_text(double value) {
  constexpr double kSmallestCount = 100;
  if (std::isnan(value)) return "nan";
  return value >= kSmallestCount && value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.4f}", value);
}

std::string describe_non_finite(const std::map<std::string, double>& metrics, const Optimizer& optimizer) {
  if (const auto losses = describe_bad_losses(metrics); !losses.empty()) {
    return fmt::format("every part of the loss must be finite, got {}", losses);
  }
  const double norm = metrics.at("gradient_norm");
  if (std::isfinite(norm)) return {};
  const auto names = describe_bad_tensors(optimizer, [](const OptimizedParameter& parameter) { return parameter.tensor.grad(); });
  // Where each gradient is finite, their norm is not.
  return fmt::format("{} gradient must be finite, got norm {}", names.empty() ? "the whole" : names, number_text(norm));
}

std::string describe_bad_parameters(const Optimizer& optimizer) {
  return describe_bad_tensors(optimizer, [](const OptimizedParameter& parameter) { return parameter.tensor.detach(); });
}

std::string SpikeWatch::describe_spike(double norm) const {
  const auto needed = std::min(kFewestNorms, static_cast<size_t>(config_.window));
  if (!config_.spike_factor || state_.norms.size() < needed) return {};
  const double usual = median(state_.norms);
  if (usual <= 0 || norm <= *config_.spike_factor * usual) return {};
  return fmt::format("gradient norm {:.4g} is {:.3g} times the median {:.4g} of the last {} steps", norm, norm / usual, usual, state_.norms.size());
}

void SpikeWatch::accept(double norm) {
  state_.norms.push_back(norm);
  const auto window = static_cast<size_t>(config_.window);
  if (state_.norms.size() > window) state_.norms.erase(state_.norms.begin(), state_.norms.end() - static_cast<std::ptrdiff_t>(window));
}

}  // namespace albert
