// The `optimizer` section (layer-wise decay apart: model/layer_decay.h), and the table of optimizers.
#pragma once

#include <albert/config/fields.h>
#include <albert/optim/optimizer.h>
#include <albert/optim/parameter_groups.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace albert {

enum class OptimizerName { lamb, adamw };
constexpr auto enum_names(config::EnumTag<OptimizerName>) {
  return config::names<OptimizerName>({{OptimizerName::lamb, "lamb"}, {OptimizerName::adamw, "adamw"}});
}

/// Defaults are Google's for ALBERT's pre-training (albert_facts 6.1, 6.2).
struct OptimizerConfig {
  OptimizerName name = OptimizerName::lamb;
  double learning_rate = 1.76e-3;
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;
  bool bias_correction = false;
  std::string exclude{kDefaultExclusion};
  std::optional<double> clamp_weight_norm{};

  bool operator==(const OptimizerConfig&) const = default;
  /// `exclude` must compile; `clamp_weight_norm` belongs to LAMB.
  void validate(config::Issues& issues) const;
};

template <config::Self<OptimizerConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"name", "algorithm: lamb or adamw"}, c.name);
  visit(
      config::Field{"learning_rate", "peak of the schedule; 1.76e-3 is ALBERT's for 4096 sequences a step", config::at_least(0)},
      c.learning_rate);
  visit(config::Field{"weight_decay", "decoupled decay of the parameters that are not excluded", config::range(0, 1)},
        c.weight_decay);
  visit(config::Field{"beta1", "decay of the mean of the gradients", config::from_to_below(0, 1)}, c.beta1);
  visit(config::Field{"beta2", "decay of the mean of their squares", config::from_to_below(0, 1)}, c.beta2);
  visit(config::Field{"epsilon", "added to the root of the second moment", config::more_than(0)}, c.epsilon);
  visit(config::Field{"bias_correction", "false: as Google's code; true: as torch.optim.AdamW"}, c.bias_correction);
  visit(config::Field{"exclude", "regular expression of names without weight decay and trust ratio"}, c.exclude);
  visit(config::Field{"clamp_weight_norm", "lamb: upper bound of a tensor's norm in its trust ratio; null: none, as Google's",
                      config::more_than(0)},
        c.clamp_weight_norm);
}

/// Builds the optimizer of the table in optimizer_config.cpp. A parameter is excluded where its `decay` is false already or its
/// name matches `config.exclude`. Throws as Optimizer and is_excluded do.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerConfig& config, std::vector<OptimizedParameter> parameters);

}  // namespace albert
