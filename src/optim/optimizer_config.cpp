#include <albert/optim/optimizer_config.h>

#include <albert/base/error.h>
#include <albert/optim/adamw.h>
#include <albert/optim/lamb.h>

#include <array>
#include <regex>

namespace albert {
namespace {

MomentOptions moments_of(const OptimizerConfig& config) {
  return {.beta1 = config.beta1,
          .beta2 = config.beta2,
          .epsilon = config.epsilon,
          .weight_decay = config.weight_decay,
          .bias_correction = config.bias_correction};
}

std::unique_ptr<Optimizer> make_lamb(const OptimizerConfig& config, std::vector<OptimizedParameter> parameters) {
  return std::make_unique<Lamb>(std::move(parameters),
                                LambOptions{.moments = moments_of(config), .clamp_weight_norm = config.clamp_weight_norm});
}

std::unique_ptr<Optimizer> make_adamw(const OptimizerConfig& config, std::vector<OptimizedParameter> parameters) {
  return std::make_unique<AdamW>(std::move(parameters), moments_of(config));
}

struct TableRow {
  OptimizerName name;
  std::unique_ptr<Optimizer> (*make)(const OptimizerConfig&, std::vector<OptimizedParameter>);
};
constexpr std::array<TableRow, 2> kOptimizers{{{OptimizerName::lamb, make_lamb}, {OptimizerName::adamw, make_adamw}}};

}  // namespace

void OptimizerConfig::validate(config::Issues& issues) const {
  try {
    const std::regex compiled(exclude);
  } catch (const std::regex_error& error) {
    issues.add("exclude", fmt::format("must be a regular expression, got '{}'; {}", exclude, error.what()));
  }
  if (clamp_weight_norm && name != OptimizerName::lamb) {
    issues.add("clamp_weight_norm", fmt::format("must be null for an optimizer without trust ratio, got {}", *clamp_weight_norm));
  }
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerConfig& config, std::vector<OptimizedParameter> parameters) {
  for (OptimizedParameter& parameter : parameters)
    parameter.decay = parameter.decay && !is_excluded(parameter.name, config.exclude);
  for (const TableRow& row : kOptimizers) {
    if (row.name == config.name) return row.make(config, std::move(parameters));
  }
  throw InternalError("make_optimizer: the table lacks an optimizer");
}

}  // namespace albert
