#include <albert/optim/optimizer.h>

#include <albert/base/error.h>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <map>
#include <set>

namespace albert {
namespace {

void check_parameters(const std::vector<OptimizedParameter>& parameters) {
  ALBERT_CHECK(!parameters.empty(), "optimizer: no parameters");
  std::set<std::string> names;
  std::map<const void*, std::string> storages;
  for (const OptimizedParameter& parameter : parameters) {
    const at::Tensor& tensor = parameter.tensor;
    ALBERT_CHECK(tensor.defined() && tensor.scalar_type() == at::kFloat && tensor.is_leaf() && tensor.requires_grad(),
                 "optimizer: {} is not an fp32 leaf that requires a gradient", parameter.name);
    ALBERT_CHECK(tensor.device() == parameters.front().tensor.device(), "optimizer: {} is on {}, {} on {}", parameter.name,
                 tensor.device().str(), parameters.front().name, parameters.front().tensor.device().str());
    ALBERT_CHECK(names.insert(parameter.name).second, "optimizer: two parameters are named {}", parameter.name);
    // An empty tensor may have no storage to share.
    const auto [other, inserted] = storages.emplace(tensor.storage().data(), parameter.name);
    ALBERT_CHECK(inserted || tensor.numel() == 0, "optimizer: {} and {} share one storage; list a shared tensor once",
                 other->second, parameter.name);
  }
}

std::string shape_of(const at::Tensor& tensor) {
  return fmt::format("{}[{}]", tensor.scalar_type() == at::kFloat ? "" : std::string(c10::toString(tensor.scalar_type())) + " ",
                     fmt::join(tensor.sizes().vec(), ", "));
}

}  // namespace

Optimizer::Optimizer(std::vector<OptimizedParameter> parameters) : parameters_(std::move(parameters)) {
  check_parameters(parameters_);
  const at::NoGradGuard no_grad;
  int64_t total = 0;
  for (const OptimizedParameter& parameter : parameters_) {
    offsets_.push_back(total);
    total += (parameter.tensor.numel() + kFlatAlignment - 1) / kFlatAlignment * kFlatAlignment;
  }
  const auto options = at::TensorOptions().dtype(at::kFloat).device(parameters_.front().tensor.device());
  flat_parameters_ = at::zeros({total}, options);
  flat_gradients_ = at::zeros({total}, options);
  const std::vector<at::Tensor> views = views_of(flat_parameters_);
  gradient_views_ = views_of(flat_gradients_);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& tensor = parameters_[i].tensor;
    views[i].copy_(tensor);
    tensor.set_data(views[i]);
    if (tensor.grad().defined()) gradient_views_[i].copy_(tensor.grad());
    tensor.mutable_grad() = gradient_views_[i];
  }
}

std::vector<at::Tensor> Optimizer::views_of(const at::Tensor& flat) const {
  std::vector<at::Tensor> views;
  views.reserve(parameters_.size());
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& tensor = parameters_[i].tensor;
    views.push_back(flat.narrow(0, offsets_[i], tensor.numel()).view(tensor.sizes()));
  }
  return views;
}

Optimizer::FlatState Optimizer::make_state() const {
  const at::NoGradGuard no_grad;
  FlatState state;
  state.flat = at::zeros_like(flat_parameters_);
  state.views = views_of(state.flat);
  return state;
}

void Optimizer::zero_gradients() {
  const at::NoGradGuard no_grad;
  flat_gradients_.zero_();
}

void Optimizer::load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) {
  std::map<std::string, at::Tensor> wanted;
  for (auto& [name, tensor] : this->state()) wanted.emplace(name, tensor);
  std::vector<std::string> unexpected;
  std::vector<std::string> misshapen;
  std::map<std::string, at::Tensor> given;
  for (const auto& [name, tensor] : state) {
    const auto found = wanted.find(name);
    if (found == wanted.end() || !given.emplace(name, tensor).second) {
      unexpected.push_back(name);
    } else if (tensor.sizes() != found->second.sizes() || tensor.scalar_type() != found->second.scalar_type()) {
      misshapen.push_back(fmt::format("{} {} instead of {}", name, shape_of(tensor), shape_of(found->second)));
    }
  }
  std::vector<std::string> missing;
  for (const auto& [name, tensor] : wanted) {
    if (!given.contains(name)) missing.push_back(name);
  }
  std::vector<std::string> problems;
  if (!missing.empty()) problems.push_back(fmt::format("missing {}", fmt::join(missing, ", ")));
  if (!unexpected.empty()) problems.push_back(fmt::format("unexpected {}", fmt::join(unexpected, ", ")));
  if (!misshapen.empty()) problems.push_back(fmt::format("misshapen {}", fmt::join(misshapen, ", ")));
  if (!problems.empty())
    throw IoError(
        fmt::format("optimizer state: wanted that of {} for this model, got: {}", this->name(), fmt::join(problems, "; ")));
  const auto steps = given.at("step").item<int64_t>();
  if (steps < 0) throw IoError(fmt::format("optimizer state: wanted a step of at least 0, got {}", steps));

  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : wanted) tensor.copy_(given.at(name));
  step_count_ = steps;
}

}  // namespace albert
